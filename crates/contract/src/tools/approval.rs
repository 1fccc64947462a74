//! Approvals: whose yes a call needs, asked how, and what silence means.

use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::reads::Reads;
use crate::yaml::{Kind, Node};
use crate::{Approval, Approver, Relax, Unanswered, code};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Back {
    No,
    Breach,
}

impl<'a> Loader<'a> {
    pub(crate) fn approval(&mut self, node: &'a Node, reads: &Reads) -> Option<Approval> {
        let fields = self.fields(node, "`approval`", &grammar::APPROVAL)?;
        let by = self.required(&fields, "by", "ROLE").map(|node| self.approvers(node, reads));
        let saying = fields.get("saying").and_then(|node| self.template(node, "`saying`", reads));
        let within = fields.get("within").and_then(|node| self.duration(node, "`within`"));
        let valid = fields.get("valid").and_then(|node| self.duration(node, "`valid`"));
        let words = [("deny", Unanswered::Deny), ("approve", Unanswered::Approve)];
        let unanswered = fields.get("unanswered").and_then(|node| self.choice(node, "`unanswered`", &words));
        if let (Some(entry), None) = (fields.entry("unanswered"), fields.get("within")) {
            let message = "`unanswered` says what silence means, and nothing says how long it lasts";
            self.error(code::MISSING_KEY, &entry.at, message).help("add it: `within: 4h`");
        }
        let relax = fields.get("relax").and_then(|node| self.relax(node));
        let unanswered = unanswered.unwrap_or(Unanswered::Deny);
        Some(Approval { by: by?, saying, within, valid, unanswered, relax })
    }

    /// One role, one with a condition, or a list of both.
    pub(crate) fn approvers(&mut self, node: &'a Node, reads: &Reads) -> Vec<Approver> {
        let items = match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.error(code::MISSING_KEY, &node.span, "nobody is asked")
                    .help("name a role out of `roles`");
                return Vec::new();
            }
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut approvers: Vec<Approver> = Vec::new();
        for item in items {
            let Some(approver) = self.approver(item, reads) else { continue };
            if approvers.iter().any(|other| other.role == approver.role) {
                let message = format!("`{}` is asked twice", approver.role);
                self.error(code::CLASH, &item.span, message).help("put both conditions into one");
                continue;
            }
            approvers.push(approver);
        }
        approvers
    }

    fn approver(&mut self, node: &'a Node, reads: &Reads) -> Option<Approver> {
        let (role, when) = match node.kind {
            Kind::Map(_) => {
                let fields = self.fields(node, "whoever is asked", &grammar::APPROVER)?;
                let role = self.required(&fields, "role", "support-lead");
                (role, fields.get("when").map(|when| self.condition(when, reads)))
            }
            _ => (Some(node), None),
        };
        Some(Approver { role: self.role(role?)?, when: when.flatten() })
    }

    /// When to ask less.
    fn relax(&mut self, node: &'a Node) -> Option<Relax> {
        let fields = self.fields(node, "`relax`", &grammar::RELAX)?;
        let after = self.required(&fields, "after", "50").and_then(|node| self.count(node, "`after`"));
        let back_on = self.back_on(&fields)?;
        let on = |back| back_on.contains(&back);
        Some(Relax { after: after?, back_on_no: on(Back::No), back_on_breach: on(Back::Breach) })
    }

    fn back_on(&mut self, fields: &Fields<'a>) -> Option<Vec<Back>> {
        let node = self.required(fields, "back_on", "[ \"no\", breach ]")?;
        let items = self.list(node, "`back_on`")?;
        if items.is_empty() {
            let found = self.error(code::MISSING_KEY, &node.span, "nothing would make it ask again");
            found.help("name what does: `[ \"no\", breach ]`");
        }
        let words = [("no", Back::No), ("breach", Back::Breach)];
        Some(items.iter().filter_map(|item| self.choice(item, "`back_on`", &words)).collect())
    }
}

//! Models: whose they are, where, what they cost, and how much is asked of them at a time.

use crate::grammar;
use crate::loader::{Fields, Loader};
use crate::yaml::Node;
use crate::{ModelUse, Name, Price, Speaks, code};

impl<'a> Loader<'a> {
    /// Reads the section `models`.
    pub(crate) fn read_models(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "models") {
            let Some(fields) = self.entry_fields(entry, "the model", &grammar::MODEL) else { continue };
            if let Some(model) = self.model(&name, &fields) {
                self.models.insert(name, model);
            }
        }
    }

    fn model(&mut self, name: &Name, fields: &Fields<'a>) -> Option<ModelUse> {
        let used = self.required(fields, "use", "openai/gpt-5-mini");
        let used = used.and_then(|used| self.model_used(used));
        let words =
            [("chat", Speaks::Chat), ("responses", Speaks::Responses), ("messages", Speaks::Messages)];
        let url = fields.get("url").and_then(|url| self.filled(url, "`url`"));
        let speaks = fields.get("speaks").and_then(|speaks| self.choice(speaks, "`speaks`", &words));
        let api_key = fields.get("api_key").and_then(|key| self.secret(key, "`api_key`"));
        let price = fields.get("price").and_then(|price| self.price(price));
        let window = fields.get("window").and_then(|window| self.count(window, "`window`"));
        let timeout = fields.get("timeout").and_then(|timeout| self.duration(timeout, "`timeout`"));
        let limits = self.limits(fields, &grammar::PACE_LIMITS);
        let (provider, model) = used?;
        let name = name.clone();
        Some(ModelUse { name, provider, model, url, api_key, price, timeout, speaks, window, limits })
    }

    fn model_used(&mut self, node: &'a Node) -> Option<(String, String)> {
        let text = self.text(node, "`use`")?;
        let parts =
            text.split_once('/').filter(|(provider, model)| !provider.is_empty() && !model.is_empty());
        if parts.is_none() {
            let found =
                self.error(code::BAD_LITERAL, &node.span, format!("`{text}` names no provider and model"));
            found.help(
                "write both: `openai/gpt-5-mini`; `openai/…` with a `url:` for any server of that dialect",
            );
        }
        parts.map(|(provider, model)| (provider.to_owned(), model.to_owned()))
    }

    fn price(&mut self, node: &'a Node) -> Option<Price> {
        if let Some((text, _)) = node.said() {
            if text == "free" {
                return Some(Price::Free);
            }
            let found = self.error(code::BAD_LITERAL, &node.span, format!("`{text}` is no price"));
            found.help("write `free`, or `{ input: 3 USD, output: 15 USD }` per million tokens");
            return None;
        }
        let fields = self.fields(node, "a price", &grammar::PRICE)?;
        let input = self.required(&fields, "input", "3 USD").and_then(|node| self.money(node, "`input`"));
        let output = self.required(&fields, "output", "15 USD").and_then(|node| self.money(node, "`output`"));
        Some(Price::PerMillion { input: input?, output: output? })
    }
}

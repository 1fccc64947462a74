//! Models: whose they are, where, and what they cost.

use crate::grammar;
use crate::loader::Loader;
use crate::yaml::Node;
use crate::{ModelUse, Price, code};

impl<'a> Loader<'a> {
    /// Reads the section `models`.
    pub(crate) fn read_models(&mut self, node: &'a Node) {
        for (name, entry) in self.section(node, "models") {
            let Some(fields) = self.entry_fields(entry, "the model", &grammar::MODEL) else { continue };
            let used =
                self.required(&fields, "use", "openai/gpt-5-mini").and_then(|used| self.model_used(used));
            let url = fields.get("url").map(|url| self.filled(url, "`url`"));
            let api_key = fields.get("api_key").map(|key| self.secret(key, "`api_key`"));
            let price = fields.get("price").map(|price| self.price(price));
            let timeout = fields.get("timeout").map(|timeout| self.duration(timeout, "`timeout`"));
            let Some((provider, model)) = used else { continue };
            let (url, api_key, price, timeout) =
                (url.flatten(), api_key.flatten(), price.flatten(), timeout.flatten());
            self.models.insert(
                name.clone(),
                ModelUse { name, provider, model, url, api_key, price, timeout, speaks: None, window: None },
            );
        }
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

//! Where a contract's model is, what is spoken there, and who sells its tokens.

use handfast_contract::{ModelUse, Speaks};

use crate::models::OpenError;
use crate::prices::Seller;
use crate::provider;
use crate::wire::Wire;

/// Where a model is (nowhere: it is a script), and how it is talked to.
pub(crate) fn whereabouts(used: &ModelUse) -> Result<(Option<reqwest::Url>, Wire), OpenError> {
    let wrong = |reason: String| OpenError::Url { model: used.name.clone(), reason };
    let mute = |reason: String| OpenError::Speaks { model: used.name.clone(), reason };
    let text = match (&used.url, provider::known(&used.provider)) {
        (None, None) if used.provider == "script" => {
            return match used.speaks {
                None => Ok((None, Wire::Chat(provider::SCRIPTED))),
                Some(_) => Err(mute("a script is no server and speaks nothing; leave it out".into())),
            };
        }
        (Some(_), _) if used.provider == "script" => {
            return Err(wrong("a script is a file, `use: script/FILE`; leave out the `url`".into()));
        }
        (None, None) => {
            return Err(OpenError::Provider { model: used.name.clone(), provider: used.provider.clone() });
        }
        (None, Some(known)) => {
            if let Some(speaks) = used.speaks.filter(|speaks| !known.wires.contains(speaks)) {
                return Err(mute(format!(
                    "`{}` speaks {} at its own address, not {}; leave it out, or give the `url` where it does",
                    known.name,
                    known.wires.iter().copied().map(provider::wire_name).collect::<Vec<_>>().join(" and "),
                    provider::wire_name(speaks),
                )));
            }
            known.base.to_owned()
        }
        (Some(url), _) => url.clone(),
    };
    let url = reqwest::Url::parse(&text).map_err(|cause| wrong(format!("`{text}` is no URL: {cause}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Err(wrong(format!("`{text}` must begin with http:// or https://")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Not quoted: what stands there is a secret.
        return Err(wrong("a user or password must not stand in the URL; use `api_key`".into()));
    }
    let wire = wire_at(used, &url);
    Ok((Some(url), wire))
}

/// What is spoken at this URL: what the contract says, else the usual wire of whoever is there, else of the provider
/// that the contract names.
fn wire_at(used: &ModelUse, url: &reqwest::Url) -> Wire {
    let (flavour, host) = provider::at(url);
    let named = provider::known(&used.provider);
    // Without a `url` it is the provider's own place, also where another program has the same address.
    let flavour = named.filter(|_| used.url.is_none()).map_or(flavour, |known| known.flavour);
    let usual = host.or(named).and_then(|known| known.wires.first().copied());
    let is_own = host.is_some_and(|host| host.wires.first() == Some(&Speaks::Messages));
    Wire::new(used.speaks.or(usual).unwrap_or(Speaks::Chat), flavour, is_own)
}

/// Who sells a model's tokens.
pub(crate) fn seller(used: &ModelUse) -> Option<Seller<'_>> {
    match (&used.url, provider::known(&used.provider)) {
        (Some(url), _) => Some(Seller::At(url)),
        (None, known) => known.and_then(|known| known.prices).map(Seller::Named),
    }
}

/// A model as a contract names it in tests.
#[cfg(test)]
pub(crate) fn used(provider: &str, model: &str) -> ModelUse {
    ModelUse {
        name: "main".into(),
        provider: provider.into(),
        model: model.into(),
        url: None,
        api_key: None,
        price: None,
        timeout: None,
        speaks: None,
        window: None,
        limits: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_where_says_what_is_spoken_unless_the_contract_does() {
        let own = "https://api.anthropic.com/v1";
        let both = "x-api-key authorization";
        for (provider, url, speaks, expected) in [
            ("anthropic", None, None, ("Messages", "x-api-key")),
            ("anthropic", None, Some(Speaks::Chat), ("Chat Completions", "authorization")),
            ("ours", Some(own), None, ("Messages", "x-api-key")),
            ("anthropic", Some("https://gateway.example/v1"), None, ("Messages", both)),
            ("anthropic", Some("https://x.services.ai.azure.com/anthropic/v1"), None, ("Messages", both)),
            ("anthropic", Some("https://openrouter.ai/api/v1"), None, ("Chat Completions", "authorization")),
            ("ours", Some("https://gateway.example/v1"), None, ("Chat Completions", "authorization")),
            ("openai", None, None, ("Chat Completions", "authorization")),
            ("openai", None, Some(Speaks::Responses), ("Responses", "authorization")),
            ("openai", Some("https://gateway.example/v1"), Some(Speaks::Messages), ("Messages", both)),
            ("llamacpp", None, Some(Speaks::Messages), ("Messages", both)),
        ] {
            let used = ModelUse { url: url.map(str::to_owned), speaks, ..used(provider, "m") };
            let (_, wire) = whereabouts(&used).unwrap();
            let keys: Vec<&str> = wire.key_headers().iter().map(|(name, _)| *name).collect();
            assert_eq!((wire.name(), &*keys.join(" ")), expected, "{provider} {url:?} {speaks:?}");
        }
    }
}

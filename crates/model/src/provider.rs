//! The providers that are known by name: where they are, whose prices apply, and how their dialect differs.

/// How one provider's Chat Completions differ from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flavour {
    /// What the cap on the answer's tokens is called.
    pub cap: &'static str,
    /// Whether tools and schemas may be marked `strict`.
    pub strict: bool,
    /// Whether the answer's schema may be sent.
    pub schema: SchemaPlace,
    /// What asks for the tokens of a streamed answer; empty where they come unasked and the word is refused.
    pub stream_options: &'static str,
}

/// Where a provider takes the schema of the final answer. Where it doesn't, the contract's own words carry it, and the
/// engine validates the answer either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaPlace {
    /// Beside tools, too.
    Anywhere,
    /// Only where no tool is offered: many local servers have one grammar for both.
    WithoutTools,
    /// Nowhere.
    Nowhere,
}

const USAGE: &str = r#"{"include_usage":true}"#;

/// OpenAI itself. Its padding against eavesdroppers is declined: it would triple what is kept of every answer.
const OPENAI: Flavour = Flavour {
    cap: "max_completion_tokens",
    strict: true,
    schema: SchemaPlace::Anywhere,
    stream_options: r#"{"include_usage":true,"include_obfuscation":false}"#,
};

/// What every compatible server understands.
const COMPATIBLE: Flavour =
    Flavour { cap: "max_tokens", strict: false, schema: SchemaPlace::WithoutTools, stream_options: USAGE };

/// A script stands for a model of OpenAI: the prompts that it sees are those which the commonest provider would.
pub(crate) const SCRIPTED: Flavour = OPENAI;

/// One provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provider {
    /// Its name in `use: NAME/MODEL`.
    pub(crate) name: &'static str,
    /// Where its Chat Completions are.
    pub(crate) base: &'static str,
    /// Its name in the price table; none for servers of one's own.
    pub(crate) prices: Option<&'static str>,
    /// How it differs.
    pub(crate) flavour: Flavour,
}

const fn provider(
    name: &'static str,
    base: &'static str,
    prices: Option<&'static str>,
    flavour: Flavour,
) -> Provider {
    Provider { name, base, prices, flavour }
}

/// The table. `anthropic` is asked through its OpenAI-compatible endpoint, which has no prompt caching and takes no
/// schema for the answer.
pub(crate) const PROVIDERS: [Provider; 16] = [
    provider("openai", "https://api.openai.com/v1", Some("openai"), OPENAI),
    provider(
        "anthropic",
        "https://api.anthropic.com/v1",
        Some("anthropic"),
        Flavour { schema: SchemaPlace::Nowhere, ..COMPATIBLE },
    ),
    provider(
        "openrouter",
        "https://openrouter.ai/api/v1",
        Some("openrouter"),
        Flavour { schema: SchemaPlace::Anywhere, ..COMPATIBLE },
    ),
    provider("google", "https://generativelanguage.googleapis.com/v1beta/openai", Some("google"), COMPATIBLE),
    provider(
        "groq",
        "https://api.groq.com/openai/v1",
        Some("groq"),
        Flavour { cap: "max_completion_tokens", schema: SchemaPlace::Nowhere, ..COMPATIBLE },
    ),
    provider(
        "mistral",
        "https://api.mistral.ai/v1",
        Some("mistral"),
        Flavour { stream_options: "", ..COMPATIBLE },
    ),
    provider(
        "deepseek",
        "https://api.deepseek.com/v1",
        Some("deepseek"),
        Flavour { schema: SchemaPlace::Nowhere, ..COMPATIBLE },
    ),
    provider("together", "https://api.together.xyz/v1", Some("together"), COMPATIBLE),
    provider("fireworks", "https://api.fireworks.ai/inference/v1", Some("fireworks"), COMPATIBLE),
    provider(
        "cerebras",
        "https://api.cerebras.ai/v1",
        Some("cerebras"),
        Flavour { cap: "max_completion_tokens", ..COMPATIBLE },
    ),
    provider(
        "xai",
        "https://api.x.ai/v1",
        Some("x-ai"),
        Flavour { cap: "max_completion_tokens", ..COMPATIBLE },
    ),
    provider("moonshot", "https://api.moonshot.ai/v1", Some("moonshotai"), COMPATIBLE),
    provider("ollama", "http://127.0.0.1:11434/v1", None, COMPATIBLE),
    provider("lmstudio", "http://127.0.0.1:1234/v1", None, COMPATIBLE),
    provider("llamacpp", "http://127.0.0.1:8080/v1", None, COMPATIBLE),
    provider("vllm", "http://127.0.0.1:8000/v1", None, COMPATIBLE),
];

/// The provider of this name.
pub(crate) fn known(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// All names, for the error that suggests one.
pub(crate) fn names() -> String {
    PROVIDERS.iter().map(|provider| provider.name).collect::<Vec<_>>().join(", ")
}

/// How a server at this base URL differs, whatever the contract calls its provider. One that nobody knows gets what
/// every compatible server understands, but for Azure, which is OpenAI's own.
pub(crate) fn flavour_at(url: &reqwest::Url) -> Flavour {
    let host = url.host_str().unwrap_or_default();
    if host.ends_with(".openai.azure.com") || host.ends_with(".services.ai.azure.com") {
        return OPENAI;
    }
    PROVIDERS
        .iter()
        .filter(|provider| provider.prices.is_some())
        .find(|provider| provider.base.split('/').nth(2) == Some(host))
        .map_or(COMPATIBLE, |provider| provider.flavour)
}

//! The providers that are known by name: where they are, whose prices apply, what they speak, and how it differs.

use handfast_contract::Speaks;
use handfast_engine::Opening;
use serde_json::Value;

/// How one provider's Chat Completions and Responses differ from another's.
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
    /// What of its thinking a model must be given back.
    pub thinking: Thinking,
}

/// What of a model's thinking goes back with its calls, over Chat Completions. The standard has no place for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// Nothing.
    Dropped,
    /// The text, as `reasoning_content`: DeepSeek answers 400 to calls without it.
    Content,
    /// The list `reasoning_details`, in its order: OpenRouter hands on what models sign or encrypt.
    Details,
}

impl Flavour {
    /// The schema of the answer, where it is sent.
    pub(crate) fn schema_of<'a>(&self, opening: &Opening<'a>) -> Option<&'a Value> {
        let sent = match self.schema {
            SchemaPlace::Anywhere => true,
            SchemaPlace::WithoutTools => opening.tools.is_empty(),
            SchemaPlace::Nowhere => false,
        };
        opening.output.filter(|_| sent)
    }
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
    thinking: Thinking::Dropped,
};

/// What every compatible server understands.
const COMPATIBLE: Flavour = Flavour {
    cap: "max_tokens",
    strict: false,
    schema: SchemaPlace::WithoutTools,
    stream_options: USAGE,
    thinking: Thinking::Dropped,
};

/// A script stands for a model of OpenAI: the prompts that it sees are those which the commonest provider would.
pub(crate) const SCRIPTED: Flavour = OPENAI;

/// Wires, the usual one first.
type Wires = &'static [Speaks];

const CHAT: Wires = &[Speaks::Chat];
const BOTH: Wires = &[Speaks::Chat, Speaks::Responses];
const ALL: Wires = &[Speaks::Chat, Speaks::Responses, Speaks::Messages];

/// One provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provider {
    /// Its name in `use: NAME/MODEL`.
    pub(crate) name: &'static str,
    /// Where its wires are.
    pub(crate) base: &'static str,
    /// Its name in the price table; none for servers of one's own.
    pub(crate) prices: Option<&'static str>,
    /// What it speaks there.
    pub(crate) wires: Wires,
    /// How it differs.
    pub(crate) flavour: Flavour,
}

const fn provider(
    name: &'static str,
    base: &'static str,
    prices: Option<&'static str>,
    wires: Wires,
    flavour: Flavour,
) -> Provider {
    Provider { name, base, prices, wires, flavour }
}

/// The table.
pub(crate) const PROVIDERS: [Provider; 16] = [
    provider("openai", "https://api.openai.com/v1", Some("openai"), BOTH, OPENAI),
    // Its Chat Completions have no prompt cache and ignore a schema; they are there for who asks for them.
    provider(
        "anthropic",
        "https://api.anthropic.com/v1",
        Some("anthropic"),
        &[Speaks::Messages, Speaks::Chat],
        Flavour { schema: SchemaPlace::Nowhere, ..COMPATIBLE },
    ),
    provider(
        "openrouter",
        "https://openrouter.ai/api/v1",
        Some("openrouter"),
        ALL,
        Flavour { schema: SchemaPlace::Anywhere, thinking: Thinking::Details, ..COMPATIBLE },
    ),
    provider(
        "google",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        Some("google"),
        CHAT,
        COMPATIBLE,
    ),
    provider(
        "groq",
        "https://api.groq.com/openai/v1",
        Some("groq"),
        BOTH,
        Flavour { cap: "max_completion_tokens", schema: SchemaPlace::Nowhere, ..COMPATIBLE },
    ),
    provider(
        "mistral",
        "https://api.mistral.ai/v1",
        Some("mistral"),
        CHAT,
        Flavour { stream_options: "", ..COMPATIBLE },
    ),
    provider(
        "deepseek",
        "https://api.deepseek.com/v1",
        Some("deepseek"),
        CHAT,
        Flavour { schema: SchemaPlace::Nowhere, thinking: Thinking::Content, ..COMPATIBLE },
    ),
    provider("together", "https://api.together.xyz/v1", Some("together"), CHAT, COMPATIBLE),
    provider("fireworks", "https://api.fireworks.ai/inference/v1", Some("fireworks"), BOTH, COMPATIBLE),
    provider(
        "cerebras",
        "https://api.cerebras.ai/v1",
        Some("cerebras"),
        CHAT,
        Flavour { cap: "max_completion_tokens", ..COMPATIBLE },
    ),
    provider(
        "xai",
        "https://api.x.ai/v1",
        Some("x-ai"),
        BOTH,
        Flavour { cap: "max_completion_tokens", ..COMPATIBLE },
    ),
    provider("moonshot", "https://api.moonshot.ai/v1", Some("moonshotai"), CHAT, COMPATIBLE),
    provider("ollama", "http://127.0.0.1:11434/v1", None, ALL, COMPATIBLE),
    provider("lmstudio", "http://127.0.0.1:1234/v1", None, ALL, COMPATIBLE),
    provider("llamacpp", "http://127.0.0.1:8080/v1", None, ALL, COMPATIBLE),
    provider("vllm", "http://127.0.0.1:8000/v1", None, ALL, COMPATIBLE),
];

/// The provider of this name.
pub(crate) fn known(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// A wire's word in a contract.
pub(crate) const fn wire_name(speaks: Speaks) -> &'static str {
    match speaks {
        Speaks::Chat => "`chat`",
        Speaks::Responses => "`responses`",
        Speaks::Messages => "`messages`",
    }
}

/// All names, for the error that suggests one.
pub(crate) fn names() -> String {
    PROVIDERS.iter().map(|provider| provider.name).collect::<Vec<_>>().join(", ")
}

/// What is known of a server by its base URL, whatever the contract calls its provider: how it differs, and which
/// provider's own it is. One that nobody knows gets what every compatible server understands, but for Azure, which is
/// OpenAI's own.
pub(crate) fn at(url: &reqwest::Url) -> (Flavour, Option<&'static Provider>) {
    let host = url.host_str().unwrap_or_default();
    if host.ends_with(".openai.azure.com") || host.ends_with(".services.ai.azure.com") {
        return (OPENAI, None);
    }
    let own = PROVIDERS
        .iter()
        .filter(|provider| provider.prices.is_some())
        .find(|provider| provider.base.split('/').nth(2) == Some(host));
    (own.map_or(COMPATIBLE, |provider| provider.flavour), own)
}

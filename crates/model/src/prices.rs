//! What a model's tokens cost: the contract's price, else the table that is built in.

use std::time::{Duration, SystemTime};

use genai_prices::{Calculator, PriceRequest, Usage, UsageKey};
use handfast_contract::{ModelUse, Price};
use handfast_engine::Rates;
use handfast_events::{Money, Timestamp};

/// The table of prices that is built in, with its version: what a record of costs was counted by.
pub const PRICES: &str = "genai-prices 0.2.1";

/// Prompt sizes on the far side of every price step that a provider has had.
const SIZES: [f64; 7] = [1e3, 1.3e5, 2.1e5, 2.8e5, 5.3e5, 1.1e6, 1e8];

/// Some prices depend on the hour of the day.
const HOURS: std::ops::Range<u64> = 0..24;

/// Who sells the tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seller<'a> {
    /// A provider, by its name in the table.
    Named(&'a str),
    /// Whoever is at this URL.
    At(&'a str),
}

impl<'a> Seller<'a> {
    fn asked(self, request: PriceRequest<'a>) -> PriceRequest<'a> {
        match self {
            Self::Named(id) => request.with_provider_id(id),
            Self::At(url) => request.with_provider_api_url(url),
        }
    }
}

/// The built-in price of this provider's model at this time; none where the table doesn't know it, or where it says
/// nothing about tokens.
///
/// The dearest rates are over all prompt sizes and writes to a cache; where a price depends on the hour, the dearest
/// hour counts for all, because a run may sleep into it.
///
/// ```
/// let at = "2026-11-01T00:00:00Z".parse().unwrap();
/// let rates = handfast_model::rates_for("openai", "gpt-5-mini", at).unwrap();
/// assert_eq!(rates.input.to_string(), "0.00025 USD");
/// assert!(handfast_model::rates_for("openai", "no-such-model", at).is_none());
/// ```
pub fn rates_for(provider: &str, model: &str, at: Timestamp) -> Option<Rates> {
    let prices = crate::provider::known(provider).map_or(Some(provider), |known| known.prices)?;
    look_up(Seller::Named(prices), model, at)
}

/// The price of a model as a contract uses it: the contract's own wins.
pub(crate) fn rates_of(used: &ModelUse, seller: Option<Seller<'_>>, at: Timestamp) -> Option<Rates> {
    match used.price {
        Some(Price::Free) => Some(Rates::default()),
        Some(Price::PerMillion { input, output }) => {
            let (input, output) = (per_thousand(input), per_thousand(output));
            Some(Rates {
                input,
                input_cached: input,
                input_written: input,
                output,
                input_max: input,
                output_max: output,
            })
        }
        None => look_up(seller?, &used.model, at),
    }
}

/// How many tokens a model takes and gives together, as the table knows it.
pub(crate) fn window_of(used: &ModelUse, seller: Seller<'_>) -> Option<u64> {
    let table = Calculator::bundled();
    let nothing = Usage::from([(UsageKey::INPUT_TOKENS, 0.0)]);
    let found = table.calculate(&seller.asked(PriceRequest::new(&used.model, &nothing))).ok()?;
    let provider = table.find_provider(Some(&found.provider_id), None).ok()??;
    provider.models().find(|model| model.id() == found.model_id)?.context_window()
}

/// Rounded up: a reservation may be too large, never too small.
fn per_thousand(per_million: Money) -> Money {
    Money::from_nano_usd(per_million.nano_usd().saturating_add(999) / 1000)
}

fn look_up(seller: Seller<'_>, model: &str, at: Timestamp) -> Option<Rates> {
    let midnight = SystemTime::from(at);
    let times: Vec<SystemTime> = HOURS.map(|hour| midnight + Duration::from_secs(hour * 3600)).collect();
    let small = *SIZES.first()?;
    // One step per size now, one per hour at the smallest and largest size: no price has had both kinds of steps.
    let now = *times.first()?;
    let mut rates = Rates::default();
    for time in &times {
        let at_small = ask(seller, model, small, *time)?;
        rates.input = rates.input.max(at_small.input);
        rates.input_cached = rates.input_cached.max(at_small.cached);
        rates.input_written = rates.input_written.max(at_small.written);
        rates.output = rates.output.max(at_small.output);
        rates.input_max = rates.input_max.max(at_small.input_max());
    }
    for size in SIZES {
        let at_size = ask(seller, model, size, now)?;
        rates.input_max = rates.input_max.max(at_size.input_max());
        rates.output_max = rates.output_max.max(at_size.output);
    }
    rates.output_max = rates.output_max.max(rates.output);
    // A table that knows the model but no price of a token must not make it free.
    let is_free = rates.input_max == Money::ZERO && rates.output_max == Money::ZERO;
    (!is_free || model.ends_with(":free")).then_some(rates)
}

/// The rates for a thousand tokens of a prompt of one size at one time.
struct Sample {
    input: Money,
    cached: Money,
    written: Money,
    output: Money,
}

impl Sample {
    fn input_max(&self) -> Money {
        self.input.max(self.cached).max(self.written)
    }
}

fn ask(seller: Seller<'_>, model: &str, size: f64, time: SystemTime) -> Option<Sample> {
    let price = |usage: &Usage| {
        let request = PriceRequest::new(model, usage).with_timestamp(time);
        Calculator::bundled().calculate(&seller.asked(request)).ok()
    };
    let thousands = size / 1e3;
    let plain = price(&Usage::from([(UsageKey::INPUT_TOKENS, size), (UsageKey::OUTPUT_TOKENS, 1e3)]))?;
    let cached = price(&Usage::from([(UsageKey::INPUT_TOKENS, size), (UsageKey::CACHE_READ_TOKENS, size)]))?;
    let written =
        price(&Usage::from([(UsageKey::INPUT_TOKENS, size), (UsageKey::CACHE_WRITE_TOKENS, size)]))?;
    Some(Sample {
        input: money(plain.input_price / thousands),
        cached: money(cached.input_price / thousands),
        written: money(written.input_price / thousands),
        output: money(plain.output_price),
    })
}

/// Dollars to whole billionths, rounded up but for the dust of floating point.
fn money(dollars: f64) -> Money {
    let nano = (dollars * 1e9 - 1e-3).ceil().max(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast from f64 saturates, and a price has few digits"
    )]
    Money::from_nano_usd(nano as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        "2026-11-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_built_in_table_knows_rates_steps_and_caches() {
        let line = |provider: &str, model: &str| {
            let rates = rates_for(provider, model, at()).unwrap();
            let all = [rates.input, rates.input_cached, rates.output, rates.input_max, rates.output_max];
            all.map(|money| money.to_string()).join(" ").replace(" USD", "")
        };
        assert_eq!(line("openai", "gpt-5-mini"), "0.00025 0.000025 0.002 0.00025 0.002");
        assert_eq!(line("openai", "gpt-5.4"), "0.0025 0.00025 0.015 0.005 0.0225");
        assert_eq!(line("anthropic", "claude-sonnet-4-5"), "0.003 0.0003 0.015 0.0075 0.0225");
        assert!(rates_for("ollama", "qwen3", at()).is_none());
    }

    #[test]
    fn the_tables_version_is_the_one_that_is_built_in() {
        let (name, version) = PRICES.split_once(' ').unwrap();
        let package = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(
            include_str!("../../../Cargo.lock").contains(&package),
            "give PRICES the version of Cargo.lock"
        );
    }

    #[test]
    fn the_table_knows_windows_too() {
        let used = |model: &str| crate::whereabouts::used("anthropic", model);
        assert_eq!(window_of(&used("claude-sonnet-4-5"), Seller::Named("anthropic")), Some(200_000));
        let named = Seller::At("https://api.openai.com/v1");
        assert_eq!(window_of(&used("gpt-5-mini"), named), Some(400_000));
        assert_eq!(window_of(&used("no-such-model"), Seller::Named("anthropic")), None);
        assert_eq!(window_of(&used("gpt-5-mini"), Seller::At("http://127.0.0.1:8080/v1")), None);
    }

    #[test]
    fn every_provider_with_prices_is_in_the_table() {
        let table: Vec<&str> = Calculator::bundled().providers().map(|provider| provider.id()).collect();
        for provider in crate::provider::PROVIDERS {
            assert!(provider.prices.is_none_or(|id| table.contains(&id)), "{}", provider.name);
        }
    }
}

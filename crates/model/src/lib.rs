//! Models: the wires, failure classes, prices; scripted and recorded models.
//!
//! The only room that knows a provider's JSON. It asks once and tells what came: it retries nothing, follows no
//! redirect, and decides nothing (what a failure leads to is the `engine`'s). Start with [`Models`].

mod limits;
mod place;

mod provider;
mod strict;
mod wire;

mod assembly;
mod decode;
mod evidence;
mod mask;
mod overflow;
mod retry_after;
mod sse;
mod trouble;

mod http;
mod prices;
mod recording;
mod script;

mod models;
mod whereabouts;

#[cfg(test)]
mod speed;

pub use http::{ClientError, http_client};
pub use models::{Models, ModelsOptions, OpenError, Source};
pub use place::{Place, Progress};
pub use prices::{PRICES, rates_for};
pub use provider::{Flavour, SchemaPlace, Thinking};
pub use recording::RecordingError;
pub use script::{Script, ScriptError, UNSCRIPTED};
pub use wire::{ChatDialect, MessagesDialect, ResponsesDialect};

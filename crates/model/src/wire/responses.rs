//! Responses: OpenAI's, and whoever speaks its dialect.

mod read;
mod write;

pub(crate) use read::Said;
pub use write::ResponsesDialect;

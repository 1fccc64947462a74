//! MCP over streamable HTTP: one client for all, without redirects or retries, and headers of a single call.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use handfast_engine::ToolError;
use handfast_events::FailureClass;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::{ClientJsonRpcMessage, GetExtensions};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::NeverRetry;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use sse_stream::Sse;

use crate::limits::{HTTP_REQUESTS_MAX, MESSAGE_BYTES_MAX, TCP_CONNECT_TIMEOUT};
use crate::trouble::trouble;

/// The headers of one call, on their way through rmcp to [`Sender`].
#[derive(Clone, Debug, Default)]
pub(crate) struct CallHeaders(pub(crate) HashMap<HeaderName, HeaderValue>);

impl CallHeaders {
    /// Reads them from text.
    pub(crate) fn of<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> Result<Self, ToolError> {
        let mut headers = HashMap::new();
        for (name, value) in pairs {
            let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) else {
                let text =
                    format!("`{name}` can't be a header: give another name to `idempotency.key.header`");
                return Err(trouble(FailureClass::Author, text));
            };
            headers.insert(name, value);
        }
        Ok(Self(headers))
    }
}

/// The transport to this address.
pub(crate) fn transport(
    url: &str,
    bearer: Option<&str>,
) -> Result<StreamableHttpClientTransport<Sender>, reqwest::Error> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(url)
        .max_concurrent_requests(HTTP_REQUESTS_MAX)
        .max_sse_event_size(MESSAGE_BYTES_MAX)
        .reinit_on_expired_session(false);
    config.retry_config = Arc::new(NeverRetry::default());
    if let Some(bearer) = bearer {
        config = config.auth_header(bearer);
    }
    Ok(StreamableHttpClientTransport::with_client(Sender(client()?), config))
}

/// The one client. It resolves and connects; whatever else a client may do by itself is switched off.
fn client() -> Result<reqwest::Client, reqwest::Error> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    // Refused when a provider is there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(TCP_CONNECT_TIMEOUT)
        .build()?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// Sends rmcp's messages, each with the headers of its own call.
#[derive(Clone, Debug)]
pub(crate) struct Sender(reqwest::Client);

type Posted = Result<StreamableHttpPostResponse, StreamableHttpError<reqwest::Error>>;
type Streamed = Result<BoxStream<'static, Result<Sse, SseError>>, StreamableHttpError<reqwest::Error>>;

impl StreamableHttpClient for Sender {
    type Error = reqwest::Error;

    fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> impl Future<Output = Posted> + Send + '_ {
        self.post_message_with_max_sse_event_size(
            uri,
            message,
            session_id,
            auth_header,
            custom_headers,
            MESSAGE_BYTES_MAX,
        )
    }

    fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        mut custom_headers: HashMap<HeaderName, HeaderValue>,
        max_sse_event_size: usize,
    ) -> impl Future<Output = Posted> + Send + '_ {
        if let ClientJsonRpcMessage::Request(request) = &message
            && let Some(CallHeaders(own)) = request.request.extensions().get::<CallHeaders>()
        {
            custom_headers.extend(own.clone());
        }
        let posted: BoxFuture<'_, Posted> = Box::pin(self.0.post_message_with_max_sse_event_size(
            uri,
            message,
            session_id,
            auth_header,
            custom_headers,
            max_sse_event_size,
        ));
        posted
    }

    fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> impl Future<Output = Result<(), StreamableHttpError<Self::Error>>> + Send + '_ {
        self.0.delete_session(uri, session_id, auth_header, custom_headers)
    }

    fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> impl Future<Output = Streamed> + Send + '_ {
        self.0.get_stream(uri, session_id, last_event_id, auth_header, custom_headers)
    }

    fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
        max_sse_event_size: usize,
    ) -> impl Future<Output = Streamed> + Send + '_ {
        self.0.get_stream_with_max_sse_event_size(
            uri,
            session_id,
            last_event_id,
            auth_header,
            custom_headers,
            max_sse_event_size,
        )
    }
}

//! Servers over streamable HTTP: rmcp's own, and bare answers of HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::any;
use handfast_contract::KeyPlace;
use handfast_events::FailureClass;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::kit::{Kit, lost, not_sent, returned, turned_away};

fn contract(url: &str) -> String {
    format!(
        r#"
servers:
  web: {{ mcp: {{ url: "{url}", bearer: {{ secret: SHOP_SECRET }} }} }}
tools:
  echo: {{ via: web.echo, description: Says it back., input: {{ schema: {{ type: object }} }}, effects: [ {{ writes: "x" }} ], idempotency: natural }}
  meta: {{ via: web.echo, description: Says it back., input: {{ schema: {{ type: object }} }}, effects: [ {{ writes: "x" }} ], idempotency: {{ key: {{ meta: "shop/key" }} }} }}
  hang: {{ via: web.hang, description: Hangs., input: {{ schema: {{ type: object }} }}, effects: [ {{ writes: "x" }} ], idempotency: none }}
"#
    )
}

#[derive(Clone, Default)]
struct Echo {
    cancelled: Arc<Notify>,
}

impl ServerHandler for Echo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({ "type": "object" }).as_object().cloned().unwrap();
        Ok(ListToolsResult::with_all_items(vec![Tool::new("echo", "Says it back.", Arc::new(schema))]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if request.name == "hang" {
            context.ct.cancelled().await;
            self.cancelled.notify_one();
            return Err(ErrorData::internal_error("cancelled", None));
        }
        let parts = context.extensions.get::<axum::http::request::Parts>().cloned();
        let header = |name: &str| {
            parts.as_ref().and_then(|parts| parts.headers.get(name)?.to_str().ok().map(ToOwned::to_owned))
        };
        let heard = json!({
            "args": request.arguments,
            "header": header("idempotency-key"),
            "authorised": header("authorization") == Some(format!("Bearer {}", crate::kit::SECRET)),
            "authorization": header("authorization"),
            "meta": context.meta.get("shop/key"),
        });
        Ok(CallToolResult::structured(heard).into())
    }
}

async fn serve(router: Router) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, serving)
}

async fn rmcp_server(sessions: bool) -> (Echo, String, JoinSet<()>) {
    let echo = Echo::default();
    let own = echo.clone();
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = sessions;
    let service =
        StreamableHttpService::new(move || Ok(own.clone()), Arc::new(LocalSessionManager::default()), config);
    let (url, serving) = serve(Router::new().nest_service("/mcp", service)).await;
    (echo, url, serving)
}

#[tokio::test]
async fn the_key_is_a_header_of_its_own_call_and_the_bearer_is_masked() {
    let (_echo, url, _serving) = rmcp_server(true).await;
    let mut kit = Kit::new(&contract(&url));
    kit.put_key("echo", KeyPlace::Header("Idempotency-Key".to_owned()));
    let key = kit.attempt("echo", json!({})).key;
    let heard = returned(kit.call("echo", json!({ "a": 1 })).await);
    assert_eq!(heard["header"], json!(key));
    assert_eq!(heard["authorised"], true);
    assert_eq!(heard["authorization"], "Bearer [secret SHOP_SECRET]");
    assert_eq!(heard["meta"], Value::Null);
    let heard = returned(kit.call("meta", json!({ "a": 1 })).await);
    assert_eq!((&heard["header"], &heard["meta"]), (&Value::Null, &json!(key)));
    let listed = kit.tools.list("web").await.unwrap().unwrap().tools;
    assert_eq!(listed[0].name, "echo");
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn a_timeout_tells_the_server_to_stop() {
    let (echo, url, _serving) = rmcp_server(true).await;
    let kit = Kit::new(&contract(&url));
    let mut call = kit.attempt("hang", json!({}));
    call.timeout = Duration::from_millis(300);
    assert_eq!(lost(kit.tools.call(&call).await.outcome).class, Some(FailureClass::Timeout));
    tokio::time::timeout(Duration::from_secs(10), echo.cancelled.notified()).await.unwrap();
    returned(kit.call("echo", json!({})).await);
    kit.tools.shutdown().await;
}

#[tokio::test]
async fn nobody_at_the_address_means_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    drop(listener);
    let kit = Kit::new(&contract(&url));
    let error = not_sent(kit.call("echo", json!({})).await);
    assert_eq!(error.class, Some(FailureClass::Unavailable));
    assert!(error.text.contains("`servers.web` at http://127.0.0.1"), "{}", error.text);
}

/// A server that shakes hands and then answers each call with this, in bare HTTP.
async fn bare(status: StatusCode, headers: HeaderMap) -> (String, JoinSet<()>) {
    let answer = move |body: String| {
        let headers = headers.clone();
        async move {
            let message: Value = serde_json::from_str(&body).unwrap_or_default();
            let reply = |result: Value| {
                axum::Json(json!({ "jsonrpc": "2.0", "id": message["id"], "result": result })).into_response()
            };
            match message["method"].as_str().unwrap_or_default() {
                "initialize" => {
                    reply(json!({ "protocolVersion": "2025-06-18", "capabilities": { "tools": {} },
                    "serverInfo": { "name": "bare", "version": "1" } }))
                }
                "tools/call" => (status, headers, "no").into_response(),
                "server/discover" => (StatusCode::BAD_REQUEST, "what?").into_response(),
                "" => StatusCode::METHOD_NOT_ALLOWED.into_response(),
                _ => StatusCode::ACCEPTED.into_response(),
            }
        }
    };
    serve(Router::new().route("/mcp", any(answer))).await
}

#[tokio::test]
async fn a_refusal_in_http_is_turned_away_and_a_redirect_leaves_doubt() {
    let (url, _serving) = bare(StatusCode::NOT_FOUND, HeaderMap::new()).await;
    let kit = Kit::new(&contract(&url));
    let error = turned_away(kit.call("echo", json!({})).await);
    assert_eq!((error.status, error.class), (Some(404), Some(FailureClass::BadRequest)));

    let (url, _serving) = bare(StatusCode::TOO_MANY_REQUESTS, HeaderMap::new()).await;
    let kit = Kit::new(&contract(&url));
    let error = turned_away(kit.call("echo", json!({})).await);
    assert_eq!((error.status, error.class), (Some(429), Some(FailureClass::RateLimited)));

    let mut elsewhere = HeaderMap::new();
    elsewhere.insert("location", "/elsewhere".parse().unwrap());
    let (url, _serving) = bare(StatusCode::TEMPORARY_REDIRECT, elsewhere).await;
    let kit = Kit::new(&contract(&url));
    assert_eq!(lost(kit.call("echo", json!({})).await).status, Some(307));
}

#[tokio::test]
async fn a_handshake_that_asks_for_another_token_is_a_matter_of_authentication() {
    let challenge: HeaderMap =
        [("www-authenticate".parse().unwrap(), "Bearer".parse().unwrap())].into_iter().collect();
    for headers in [HeaderMap::new(), challenge] {
        for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
            let headers = headers.clone();
            let answer = move || async move { (status, headers, "who are you?") };
            let (url, _serving) = serve(Router::new().route("/mcp", any(answer))).await;
            let error = not_sent(Kit::new(&contract(&url)).call("echo", json!({})).await);
            assert_eq!(
                (error.class, error.status),
                (Some(FailureClass::Authentication), Some(status.as_u16())),
                "{}",
                error.text
            );
            assert!(
                error.text.ends_with("; give a token that is valid there in SHOP_SECRET"),
                "{}",
                error.text
            );
        }
    }
}

#[tokio::test]
async fn a_server_in_trouble_failed_and_may_have_done_it() {
    let (url, _serving) = bare(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new()).await;
    let kit = Kit::new(&contract(&url));
    let error = crate::kit::failed(kit.call("echo", json!({})).await);
    assert_eq!((error.status, error.class), (Some(503), Some(FailureClass::Unavailable)));
}

#[tokio::test]
async fn a_stream_that_breaks_before_the_answer_loses_the_call() {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "text/event-stream".parse().unwrap());
    let (url, _serving) = bare(StatusCode::OK, headers).await;
    let kit = Kit::new(&contract(&url));
    let error = lost(kit.call("echo", json!({})).await);
    assert_eq!(error.class, Some(FailureClass::ConnectionLost));
}

//! What stands before providers, and the network between: pages, statuses and bodies that no wire has to itself.

use super::row::{ALL, Content, Form, MESSAGES, OPENAI, Row};
use super::{Fault, Meaning, Speech};
use crate::cue::{At, Break, How};
use crate::wire::Wire;

/// What nginx says of itself.
const NGINX: &str = "nginx.org, ngx_http_special_response.c";
/// developers.cloudflare.com/support/troubleshooting/http-status-codes.
const CLOUDFLARE: &str =
    "developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors";
const EDGE: &[(&str, &str)] = &[("server", "cloudflare"), ("cf-ray", "9a1b2c3d4e5f6789-FRA")];

const fn page(
    wires: &'static [Wire],
    fault: Fault,
    meaning: Meaning,
    status: u16,
    body: &'static str,
) -> Row {
    let form = Form::Reply { status, headers: &[("server", "nginx")], content: Content::Html(body) };
    Row { wires, fault, meaning, source: NGINX, form, speech: Speech::Any }
}

const fn edge(fault: Fault, meaning: Meaning, status: u16, body: &'static str) -> Row {
    let form = Form::Reply { status, headers: EDGE, content: Content::Text(body) };
    Row { wires: ALL, fault, meaning, source: CLOUDFLARE, form, speech: Speech::Any }
}

const fn odd(fault: Fault, meaning: Meaning, source: &'static str, status: u16, content: Content) -> Row {
    let form = Form::Reply { status, headers: &[], content };
    Row { wires: ALL, fault, meaning, source, form, speech: Speech::Any }
}

const fn broken(fault: Fault, meaning: Meaning, speech: Speech, at: At, how: How) -> Row {
    let source = "RFC 9112, sections 8 and 9.5: an incomplete message, a connection that is closed or fails";
    Row { wires: ALL, fault, meaning, source, form: Form::Break(Break { at, how }), speech }
}

pub(crate) const ROWS: &[Row] = &[
    page(
        ALL,
        Fault::OverloadedPage,
        Meaning::Overloaded,
        503,
        "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
    ),
    page(
        ALL,
        Fault::TooLargePage,
        Meaning::ContextOverflow,
        413,
        "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
    ),
    page(
        OPENAI,
        Fault::GatewayTimeout,
        Meaning::Timeout,
        504,
        "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
    ),
    page(
        MESSAGES,
        Fault::RequestTimeout,
        Meaning::Timeout,
        408,
        "<html>\r\n<head><title>408 Request Time-out</title></head>\r\n<body>\r\n<center><h1>408 Request Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
    ),
    page(
        ALL,
        Fault::ServerErrorPage,
        Meaning::Unavailable,
        500,
        "<html>\r\n<head><title>500 Internal Server Error</title></head>\r\n<body>\r\n<center><h1>500 Internal Server Error</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
    ),
    page(
        ALL,
        Fault::BadGateway,
        Meaning::Unavailable,
        502,
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
    ),
    edge(Fault::Cloudflare520, Meaning::Unavailable, 520, "error code: 520"),
    edge(Fault::Cloudflare521, Meaning::Unavailable, 521, "error code: 521"),
    edge(Fault::Cloudflare522, Meaning::Unavailable, 522, "error code: 522"),
    edge(Fault::Cloudflare523, Meaning::Unavailable, 523, "error code: 523"),
    // "Error 524: a timeout occurred": the provider took the request, and may have worked on it.
    edge(Fault::Cloudflare524, Meaning::Timeout, 524, "error code: 524"),
    odd(
        Fault::PageInstead,
        Meaning::Malformed,
        "a sign-in page of a network or a proxy",
        200,
        Content::Html(
            "<!doctype html>\n<html><head><title>Sign in</title></head><body>Sign in to go on.</body></html>\n",
        ),
    ),
    odd(Fault::Empty, Meaning::Malformed, "servers that fall over after the head", 200, Content::Nothing),
    odd(Fault::NoContent, Meaning::Malformed, "RFC 9110, section 15.3.5", 204, Content::Nothing),
    odd(
        Fault::ShapeUnknown,
        Meaning::Malformed,
        "a health check, or another API, behind the same address",
        200,
        Content::Json(r#"{"status":"ok","uptime":86400}"#),
    ),
    odd(
        Fault::StatusUnknown,
        Meaning::Unknown,
        "nobody: RFC 9110, section 15.5.19 leaves 418 unused",
        418,
        Content::Json(r#"{"teapot":{"short":true,"stout":[1,2,3]},"advice":null}"#),
    ),
    Row {
        wires: ALL,
        fault: Fault::Redirected,
        meaning: Meaning::Redirected,
        source: "RFC 9110, section 15.4.3",
        form: Form::Reply {
            status: 302,
            headers: &[("location", "https://elsewhere.invalid/v1")],
            content: Content::Nothing,
        },
        speech: Speech::Any,
    },
    broken(Fault::CutBeforeHead, Meaning::ConnectionLost, Speech::Any, At::Head, How::Cut),
    broken(Fault::CutWithin, Meaning::ConnectionLost, Speech::Any, At::Half, How::Cut),
    // A stream that lacks its last event says so by that; a document that lacks its half is none.
    broken(Fault::ClosedEarly, Meaning::ConnectionLost, Speech::Streamed, At::Half, How::Closed),
    broken(Fault::ClosedEarly, Meaning::Malformed, Speech::Whole, At::Half, How::Closed),
    broken(Fault::SilentBeforeHead, Meaning::Timeout, Speech::Any, At::Head, How::Silent),
    broken(Fault::SilentWithin, Meaning::Timeout, Speech::Any, At::Half, How::Silent),
];

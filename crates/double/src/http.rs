//! HTTP/1.1 by hand: a library that keeps it right would keep the double from breaking it.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::cue::{At, How, Pieces};
use crate::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX};
use crate::reply::Reply;
use crate::wire::Headers;

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// How fast a reply is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) before: Duration,
    pub(crate) between: Duration,
    pub(crate) pieces: Pieces,
}

/// Whether the connection can take another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Stays,
    Ends,
}

/// Reads the next request; none where the client has left.
pub(crate) async fn read(socket: &mut BufReader<TcpStream>) -> Result<Option<Request>> {
    let mut left = HEAD_BYTES_MAX;
    let Some(first) = line(socket, &mut left).await? else { return Ok(None) };
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(invalid("a request line without a path"));
    };
    let mut headers = Headers::default();
    loop {
        let header = line(socket, &mut left).await?.ok_or_else(|| invalid("a head without an end"))?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').ok_or_else(|| invalid("a header without a colon"))?;
        headers.push(name.trim(), value.trim());
    }
    if headers.get("expect").is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue")) {
        socket.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let body = body(socket, &headers).await?;
    Ok(Some(Request { method, path, headers, body }))
}

async fn body(socket: &mut BufReader<TcpStream>, headers: &Headers) -> Result<Vec<u8>> {
    let is_chunked =
        headers.get("transfer-encoding").is_some_and(|coding| coding.to_lowercase().contains("chunked"));
    let mut body = Vec::new();
    if !is_chunked {
        let length = headers.get("content-length").unwrap_or("0");
        let length = length.parse().map_err(|_| invalid("a content-length that is no number"))?;
        take(socket, length, &mut body).await?;
        return Ok(body);
    }
    loop {
        let mut left = HEAD_BYTES_MAX;
        let size = line(socket, &mut left).await?.ok_or_else(|| invalid("a chunk without its size"))?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| invalid("a chunk's size is no number"))?;
        take(socket, size, &mut body).await?;
        // Behind a chunk an empty line; behind the last one, any trailers before it.
        while let Some(behind) = line(socket, &mut left).await? {
            if behind.is_empty() {
                break;
            }
        }
        if size == 0 {
            return Ok(body);
        }
    }
}

async fn take(socket: &mut BufReader<TcpStream>, bytes: usize, body: &mut Vec<u8>) -> Result<()> {
    let from = body.len();
    let to = from.checked_add(bytes).filter(|to| *to <= BODY_BYTES_MAX);
    body.resize(to.ok_or_else(|| invalid("a body past all bounds"))?, 0);
    socket.read_exact(body.get_mut(from..).unwrap_or_default()).await?;
    Ok(())
}

/// A line without its end; none at the end of all.
async fn line(socket: &mut BufReader<TcpStream>, left: &mut usize) -> Result<Option<String>> {
    let mut line = Vec::new();
    let read = (&mut *socket).take(*left as u64).read_until(b'\n', &mut line).await?;
    *left = left.saturating_sub(read);
    if read == 0 && *left > 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(invalid("a line without an end"));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Writes a reply, or as much of it as it is to have.
pub(crate) async fn write(socket: &mut TcpStream, reply: Reply, pace: Pace) -> Result<Fate> {
    wait(pace.before).await;
    let total: usize = reply.units.iter().map(Vec::len).sum();
    let (stop, how) = match reply.broken.map(|broken| (broken.at, broken.how)) {
        None => (total, None),
        Some((At::Head, How::Silent)) => return silence(socket).await,
        Some((At::Head, How::Cut | How::Closed)) => return Ok(Fate::Ends),
        Some((At::Byte(byte), how)) => (byte.min(total), Some(how)),
        Some((At::Half, how)) => (total / 2, Some(how)),
    };
    let has_body = reply.status != 204 && reply.status != 304;
    let mut head = format!("HTTP/1.1 {} \r\n", reply.status);
    for (name, value) in reply.headers.iter() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if reply.is_streamed {
        head.push_str("transfer-encoding: chunked\r\n");
    } else if has_body {
        let length = if how == Some(How::Closed) { stop } else { total };
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    head.push_str("\r\n");
    socket.write_all(head.as_bytes()).await?;
    if has_body {
        for piece in cut(reply.units, pace.pieces, stop) {
            send(socket, &piece, reply.is_streamed).await?;
            wait(pace.between).await;
        }
    }
    match how {
        Some(How::Cut) => return Ok(Fate::Ends),
        Some(How::Silent) => return silence(socket).await,
        Some(How::Closed) | None => {}
    }
    if reply.is_streamed {
        socket.write_all(b"0\r\n\r\n").await?;
    }
    socket.flush().await?;
    Ok(Fate::Stays)
}

/// The body in its pieces, up to this byte.
fn cut(units: Vec<Vec<u8>>, pieces: Pieces, stop: usize) -> Vec<Vec<u8>> {
    let mut left = stop;
    let mut kept = Vec::new();
    for mut unit in units {
        unit.truncate(left);
        left -= unit.len();
        kept.push(unit);
    }
    match pieces {
        Pieces::Events => kept.into_iter().filter(|unit| !unit.is_empty()).collect(),
        Pieces::Bytes(size) => kept.concat().chunks(size.max(1)).map(<[u8]>::to_vec).collect(),
        Pieces::Whole => vec![kept.concat()].into_iter().filter(|unit| !unit.is_empty()).collect(),
    }
}

async fn send(socket: &mut TcpStream, piece: &[u8], is_chunk: bool) -> Result<()> {
    if !is_chunk {
        return socket.write_all(piece).await;
    }
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    socket.write_all(&chunk).await
}

/// Where there is nothing to wait for, the client at least has its turn.
async fn wait(time: Duration) {
    if time.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(time).await;
    }
}

/// Says nothing until the client leaves.
async fn silence(socket: &mut TcpStream) -> Result<Fate> {
    tokio::io::copy(socket, &mut tokio::io::sink()).await?;
    Ok(Fate::Ends)
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

//! Server-sent events, from bytes: no text is decoded before its line is whole, so a chunk may end anywhere.

/// Cuts a stream of bytes into the data of its events. Names, ids and comments of events say nothing to us.
#[derive(Debug, Default)]
pub(crate) struct Sse {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    data: Vec<u8>,
    has_data: bool,
    begun: bool,
}

impl Sse {
    /// Takes in the next bytes and gives each event's data that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(&[u8])) {
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    self.end_line(&mut event);
                }
                byte => {
                    self.after_return = false;
                    self.line.push(*byte);
                }
            }
        }
    }

    /// The data of an event that the stream ended in; by the standard it is void, but some servers end so.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        self.end_line(&mut |_: &[u8]| {});
        self.has_data.then_some(self.data)
    }

    fn end_line(&mut self, event: &mut impl FnMut(&[u8])) {
        let line = std::mem::take(&mut self.line);
        let line = if self.begun { &*line } else { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) };
        self.begun = true;
        if line.is_empty() {
            if self.has_data {
                event(&self.data);
            }
            self.data.clear();
            self.has_data = false;
            return;
        }
        let Some(rest) = line.strip_prefix(b"data") else { return };
        let value = match rest.first() {
            None => rest,
            Some(b':') => {
                let value = rest.get(1..).unwrap_or_default();
                value.strip_prefix(b" ").unwrap_or(value)
            }
            Some(_) => return,
        };
        if self.has_data {
            self.data.push(b'\n');
        }
        self.has_data = true;
        self.data.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(chunks: &[&[u8]]) -> (Vec<String>, Option<String>) {
        let mut sse = Sse::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            sse.feed(chunk, |data| seen.push(String::from_utf8_lossy(data).into_owned()));
        }
        (seen, sse.finish().map(|data| String::from_utf8_lossy(&data).into_owned()))
    }

    #[test]
    fn events_are_cut_as_the_standard_says() {
        let text = "\u{feff}data: a\n\n: comment\nid: 7\nevent: x\r\ndata:b\r\ndata: c\r\n\r\ndata\n\ndatum: no\n\ndata:  d\r\rdata: e";
        let (seen, rest) = events(&[text.as_bytes()]);
        assert_eq!(seen, ["a", "b\nc", "", " d"]);
        assert_eq!(rest.as_deref(), Some("e"));
    }

    proptest! {
        #[test]
        fn chunks_may_end_anywhere(text in "(data: ?[a-zé→🚚]{0,6}|\r\n|\n|\r|:x|\u{feff}){0,40}", cuts in proptest::collection::vec(0usize..200, 0..12)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(events(&chunks), events(&[bytes]));
        }
    }
}

//! A call with all that hang behind it, as one row.

use super::Call;

/// A call and all that hang behind it, each before those behind itself.
pub(crate) struct Family<'a> {
    level: std::slice::Iter<'a, Call>,
    above: Vec<std::slice::Iter<'a, Call>>,
}

impl<'a> Family<'a> {
    /// Of these calls.
    pub(crate) fn of(calls: &'a [Call]) -> Self {
        Self { level: calls.iter(), above: Vec::new() }
    }
}

impl<'a> Iterator for Family<'a> {
    type Item = &'a Call;

    fn next(&mut self) -> Option<&'a Call> {
        loop {
            if let Some(call) = self.level.next() {
                if !call.side.is_empty() {
                    self.above.push(std::mem::replace(&mut self.level, call.side.iter()));
                }
                return Some(call);
            }
            self.level = self.above.pop()?;
        }
    }
}

impl Call {
    /// It, and all that hang behind it.
    pub(crate) fn family(&self) -> Family<'_> {
        Family { level: std::slice::from_ref(self).iter(), above: Vec::new() }
    }
}

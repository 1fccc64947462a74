//! "Did you mean": the nearest of the names that would have been right.

use crate::limits::{SUGGEST_BYTES_MAX, SUGGESTED_FROM_MAX};

/// The candidate nearest to `name`, if one is near enough to be meant: a third of the letters may be wrong.
///
/// ```
/// use handfast_contract::suggest;
/// assert_eq!(suggest("requries", ["requires", "ensures"]), Some("requires"));
/// assert_eq!(suggest("banana", ["requires", "ensures"]), None);
/// ```
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > SUGGEST_BYTES_MAX {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let wanted = plain(name);
    let allowed = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .take(SUGGESTED_FROM_MAX)
        // What differs in length by more than that can't be near; most candidates cost nothing.
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= allowed * 4)
        .filter_map(|candidate| Some((distance(&wanted, &plain(candidate), allowed)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, leave out, replace or swap with their neighbour (optimal string alignment); none past `most`.
fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    // What both begin with costs nothing: names of one family are long and differ at the end.
    let same = a
        .char_indices()
        .zip(b.chars())
        .find(|((_, a), b)| a != b)
        .map_or(a.len().min(b.len()), |((at, _), _)| at);
    let (a, b) = (a.get(same..).unwrap_or(a), b.get(same..).unwrap_or(b));
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut a_last = None;
    for (row, a_char) in a.chars().enumerate() {
        let mut this = vec![row + 1];
        let mut b_last = None;
        for (column, &b_char) in b.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, column) + usize::from(a_char != b_char);
            let mut best = replaced.min(at(&last, column + 1) + 1).min(at(&this, column) + 1);
            if a_last == Some(b_char) && b_last == Some(a_char) && column > 0 {
                best = best.min(at(&before, column - 1) + 1);
            }
            this.push(best);
            b_last = Some(b_char);
        }
        // Two lines, since a swap reaches over one.
        if this.iter().chain(&last).all(|so_far| *so_far > most) {
            return None;
        }
        before = std::mem::replace(&mut last, this);
        a_last = Some(a_char);
    }
    last.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let names = ["find_order", "find_customer", "refund", "send_mail"];
        for (typed, meant) in [
            ("find_ordre", Some("find_order")),
            ("refnud", Some("refund")),
            ("Refund", Some("refund")),
            ("send-mail", Some("send_mail")),
            ("pay", None),
            ("", None),
        ] {
            assert_eq!(suggest(typed, names), meant, "{typed}");
        }
    }
}

//! Resources: paths of segments between `/`, `*` for one segment, `**` for the rest.

/// Whether two paths can mean the same thing, or one what lies under the other. Effects on paths that overlap are
/// carried out one after the other; disjoint ones side by side. Empty segments don't count.
///
/// ```
/// use handfast_contract::overlap;
/// assert!(overlap("order/*", "order/7"));
/// assert!(overlap("order/7", "order/7/lines/1"));
/// assert!(!overlap("order/7", "order/8"));
/// ```
pub fn overlap(a: &str, b: &str) -> bool {
    let mut left = a.split('/').filter(|segment| !segment.is_empty());
    let mut right = b.split('/').filter(|segment| !segment.is_empty());
    loop {
        match (left.next(), right.next()) {
            // One ended: the other lies under it, or is it.
            (None, _) | (_, None) => return true,
            (Some("**"), _) | (_, Some("**")) => return true,
            (Some(one), Some(other)) if one == other || one == "*" || other == "*" => {}
            _ => return false,
        }
    }
}

//! Which addresses a server's name may lead to.
//!
//! A contract names a place that isn't public in one of two ways: by an address as it is (`http://10.0.0.5:8080`), which
//! is never looked up, or by a name that nobody can register in the public naming system (`localhost`, `cms`,
//! `cms.internal`). Any other name is a public one, whose owner decides from one look-up to the next where it leads: into
//! the network that the worker stands in, it leads nobody. Addresses at which clouds hand out credentials are reached by no
//! name at all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ends of names that are nobody's in the public naming system (RFC 6761, 6762 and 8375, ICANN's `internal`).
const PRIVATE_ENDS: [&str; 11] = [
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "localdomain",
    "test",
    "home.arpa",
    "localhost",
];

/// Addresses at which clouds hand out credentials, beside all that are link-local.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// What kind of place an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Anybody's.
    Public,
    /// This machine.
    Loopback,
    /// The network around it.
    Private,
    /// Where no name may lead: credentials, broadcasts, nobody.
    Forbidden,
}

impl Place {
    pub(crate) fn of(address: IpAddr) -> Self {
        if METADATA.contains(&address) {
            return Self::Forbidden;
        }
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match embedded(address) {
                Some(inner) => Self::of(IpAddr::V4(inner)),
                None => Self::of_v6(address),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127, ..] => Self::Loopback,
            [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Self::Private,
            [0 | 224.., ..] | [169, 254, ..] | [192, 0, 0, _] | [198, 18 | 19, ..] => Self::Forbidden,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Self::Private,
            // Only global unicast is anybody's; of that, Teredo hides where it leads.
            [0x2001, 0, ..] => Self::Forbidden,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Forbidden,
        }
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Loopback => "this machine",
            Self::Private => "a private address",
            Self::Forbidden => "an address that no name may lead to",
        }
    }
}

/// The address that this one stands for: mapped, compatible, translated (NAT64) or tunnelled (6to4).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// Whether a server of this name may be at this address.
pub(crate) fn may_lead(name: &str, address: IpAddr) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let ends = |end: &str| name == end || name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
    match Place::of(address) {
        Place::Public => true,
        Place::Loopback => !name.contains('.') || PRIVATE_ENDS.into_iter().any(ends),
        Place::Private => !ends("localhost") && (!name.contains('.') || PRIVATE_ENDS.into_iter().any(ends)),
        Place::Forbidden => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(name: &str, address: &str) -> bool {
        may_lead(name, address.parse().unwrap())
    }

    #[test]
    fn a_public_name_leads_to_public_addresses_only() {
        for address in ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1"]
        {
            assert!(may("api.example.com", address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "::ffff:10.1.1.1",
            "64:ff9b::a01:101",
            "2002:a01:101::1",
            "2001::1",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "168.63.129.16",
            "100.100.100.200",
            "fd00:ec2::254",
            "198.18.0.1",
            "192.0.0.192",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            assert!(!may("api.example.com", address), "{address}");
        }
    }

    #[test]
    fn a_name_that_nobody_can_register_leads_into_the_network_and_nowhere_else() {
        for name in ["cms", "cms.internal", "CMS.Svc.Cluster.LOCAL.", "a.home.arpa", "shop.test"] {
            assert!(may(name, "10.0.0.1") && may(name, "127.0.0.1") && may(name, "fd12::1"), "{name}");
            assert!(!may(name, "169.254.169.254") && !may(name, "fe80::1"), "{name}");
        }
        assert!(may("localhost", "127.0.0.1") && may("shop.localhost", "::1"));
        assert!(!may("localhost", "10.0.0.1") && !may("shop.localhost", "10.0.0.1"));
        assert!(!may("notlocal", "169.254.169.254") && !may("a.notlocal", "10.0.0.1"));
        assert!(!may("metadata.google.internal", "169.254.169.254"));
    }
}

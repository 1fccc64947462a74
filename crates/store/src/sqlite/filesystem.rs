//! Which file systems can't hold a store: those on which two machines could write at once.

use std::path::Path;

/// A file system as the store sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Good for a store.
    Local,
    /// May be local or not; nobody can tell.
    Fuse,
    /// Locks or shared memory don't hold on it.
    Network(&'static str),
}

/// The numbers by which Linux's `statfs` names file systems that are shared between machines.
const NETWORK: [(u64, &str); 19] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x0102_1997, "9P"),
    (0x564C, "NCP"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00C3_6400, "Ceph"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x0116_1970, "GFS2"),
    (0x7461_636F, "OCFS2"),
    (0x2003_0528, "OrangeFS"),
    (0x1983_0326, "BeeGFS"),
    (0x786F_4256, "VirtualBox shared folder"),
    (0xBACB_ACBC, "VMware shared folder"),
    (0xAAD7_AAEA, "PanFS"),
];

/// FUSE: sshfs is remote, an encrypted home folder is not.
const FUSE: u64 = 0x6573_5546;

/// What a type number means.
pub(super) fn kind(number: u64) -> Kind {
    // Some systems widen the number with its sign.
    let number = number & 0xFFFF_FFFF;
    if number == FUSE {
        return Kind::Fuse;
    }
    let known = NETWORK.iter().find(|(known, _)| *known == number);
    known.map_or(Kind::Local, |(_, name)| Kind::Network(name))
}

/// Asks the system for the type number of the file system that holds this folder.
#[cfg(target_os = "linux")]
pub(super) fn number(folder: &Path) -> std::io::Result<u64> {
    Ok(rustix::fs::statfs(folder)?.f_type as u64)
}

/// Other systems name file systems in other ways; there is no check.
#[cfg(not(target_os = "linux"))]
pub(super) fn number(_folder: &Path) -> std::io::Result<u64> {
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_machines_share_is_refused_and_fuse_is_doubtful() {
        assert_eq!(kind(0x6969), Kind::Network("NFS"));
        assert_eq!(kind(0xFFFF_FFFF_FF53_4D42), Kind::Network("CIFS"));
        assert_eq!(kind(FUSE), Kind::Fuse);
        assert_eq!(kind(0xEF53), Kind::Local, "ext4");
        assert_eq!(kind(0x0102_1994), Kind::Local, "tmpfs");
    }
}

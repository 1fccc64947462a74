//! What happened how often: a world without faults proves nothing.

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What happened how often in a world.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)+
        }

        impl Counts {
            /// Adds those of another world.
            pub const fn add(&mut self, other: Self) {
                $(self.$name += other.$name;)+
            }

            /// Each with its name.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)+].into_iter()
            }
        }
    };
}

counts! {
    /// Events that were recorded.
    events,
    /// Workers that died.
    deaths,
    /// Workers that died between asking for a commit and hearing of it, before it landed.
    deaths_before_commit,
    /// The same, after it landed.
    deaths_after_commit,
    /// Commits that went unconfirmed and had landed.
    unconfirmed_landed,
    /// Commits that went unconfirmed and had not landed.
    unconfirmed_not_landed,
    /// Commits that went unconfirmed and landed late.
    unconfirmed_late,
    /// Workers that slept through their lease.
    zombies,
    /// Workers that fell asleep just before a send, or between the last look and the write.
    stalled_sends,
    /// Sends that a late worker did without.
    not_sent,
    /// Clocks that jumped.
    jumps,
    /// Times that a worker took the run.
    takeovers,
    /// Requests that had trouble at their tool.
    tool_troubles,
    /// Requests that had trouble at their model.
    model_troubles,
    /// Doubts that the person settled.
    settled,
    /// Limits that the person raised.
    raised,
}

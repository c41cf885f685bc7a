//! The wall clock of the local cloud.

pub use crate::engine::Millis;

/// Now. The only place of the local cloud that reads the clock.
pub fn now() -> Millis {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one reader of the clock: everything else is given the time"
    )]
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0, |duration| {
        Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
    })
}

//! How far one step goes: an execution that computes for long is advanced slice by slice, so that what has happened can be
//! stored, and others have their turn, in between.

/// Once the events of a step hold so many bytes of data, the rest is left for another step: a history of 25,000 events of
/// 256 KiB must not be in memory at once.
const MOST_BYTES: usize = 8 << 20;

/// How much one step has done, and whether it may do more.
pub(super) struct Slice<'a> {
    /// States worked on, and joins and failures of Parallel and Map states.
    done: u32,
    /// Bytes of inputs and outputs of states.
    bytes: usize,
    /// Set once it was told to end: from then on everything is left for the next step.
    over: bool,
    more: &'a mut (dyn FnMut(u32) -> bool + 'a),
}

impl<'a> Slice<'a> {
    /// Goes on as long as `more` says so, given how much was done.
    pub(super) fn new(more: &'a mut (dyn FnMut(u32) -> bool + 'a)) -> Self {
        Self {
            done: 0,
            bytes: 0,
            over: false,
            more,
        }
    }

    /// Whether one more thing may be done; it then counts as done.
    pub(super) fn goes_on(&mut self) -> bool {
        self.over = self.over || self.bytes >= MOST_BYTES || !(self.more)(self.done);
        self.done += u32::from(!self.over);
        !self.over
    }

    /// Counts data that the events of the step hold.
    pub(super) fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// How much was done.
    pub(super) fn done(&self) -> u32 {
        self.done
    }
}

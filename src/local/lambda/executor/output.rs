//! What a process prints: standard output and error in one pipe, so that their order is kept.

use std::fs::File;
use std::io::{self, ErrorKind, PipeWriter, Read as _};
use std::os::fd::OwnedFd;

use tokio::net::unix::pipe::Receiver;

/// CloudWatch Logs takes no more in one event.
const LONGEST_LINE: usize = 256 * 1024 - 1024;

/// Read at once; on the heap, since futures are moved about.
const CHUNK: usize = 16 * 1024;

/// The reading end.
pub(super) struct Output {
    pipe: Receiver,
    /// The same pipe, for reads past the readiness that Tokio remembers.
    direct: File,
    /// The beginning of a line whose end is still to come.
    begun: Vec<u8>,
    /// The shims write `\r` for a line break within an entry.
    joins_entries: bool,
    closed: bool,
}

impl Output {
    /// And the writing end, for the process.
    pub(super) fn new(joins_entries: bool) -> io::Result<(Self, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        let reader = OwnedFd::from(reader);
        let direct = File::from(reader.try_clone()?);
        let output = Self {
            // Makes both non-blocking.
            pipe: Receiver::from_owned_fd(reader)?,
            direct,
            begun: Vec::new(),
            joins_entries,
            closed: false,
        };
        Ok((output, writer))
    }

    /// Waits for output and gives the lines that are whole. Never ends once the pipe is closed. Cancel safe.
    pub(super) async fn lines(&mut self) -> Vec<String> {
        while !self.closed && self.pipe.readable().await.is_ok() {
            let mut chunk = vec![0; CHUNK];
            match self.pipe.try_read(&mut chunk) {
                Ok(0) => self.closed = true,
                Ok(count) => {
                    let lines = self.take_lines(chunk.get(..count).unwrap_or_default());
                    if !lines.is_empty() {
                        return lines;
                    }
                }
                Err(problem) if matches!(problem.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(_) => self.closed = true,
            }
        }
        std::future::pending().await
    }

    /// All that was printed until now, including a line without an end.
    pub(super) fn drain(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut chunk = vec![0; CHUNK];
        while !self.closed && lines.len() < 100_000 {
            match (&self.direct).read(&mut chunk) {
                Ok(0) => self.closed = true,
                Ok(count) => lines.extend(self.take_lines(chunk.get(..count).unwrap_or_default())),
                Err(problem) if problem.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        if !self.begun.is_empty() {
            let rest = std::mem::take(&mut self.begun);
            lines.push(self.text(&rest));
        }
        lines
    }

    fn take_lines(&mut self, chunk: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.begun.len() >= LONGEST_LINE {
                let line = std::mem::take(&mut self.begun);
                lines.push(self.text(line.strip_suffix(b"\n").unwrap_or(&line)));
            }
        }
        lines
    }

    fn text(&self, line: &[u8]) -> String {
        let text = String::from_utf8_lossy(line).into_owned();
        if self.joins_entries {
            text.trim_end_matches('\r').replace('\r', "\n")
        } else {
            text
        }
    }
}

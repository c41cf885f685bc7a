//! Whole numbers and times by a picture.

mod calendar;
mod integer;
mod read;
mod time_picture;
mod words;
mod write;

pub(super) use self::integer::{IntegerPicture, common_divisor};
pub(super) use self::read::{parse, parse_iso};
pub(super) use self::write::format;

#![no_main]

#[path = "../../tests/it/any_input/checks.rs"]
#[allow(dead_code, reason = "each target uses its own part")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::intrinsic(bytes));

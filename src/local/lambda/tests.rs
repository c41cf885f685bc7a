//! Tests of the service as a whole.

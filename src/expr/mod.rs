//! Expressions of the States Language: reference paths and JSONPath, payload templates, intrinsic functions, JSONata. Pure.

//! The section `functions`.

use std::path::PathBuf;

use indexmap::IndexMap;

use super::fields::{At, Fields, with_hint};
use super::model::Function;
use super::names::{self, Context, Name, bad_arn, is_arn};
use super::{environment, files, runtimes, tags};
use crate::diagnostic::Diagnostic;
use crate::tree::Entry;

/// Days for which CloudWatch Logs keeps events.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
const RETENTION_DAYS: &[u32] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/// Layers that a function may have.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MOST_LAYERS: usize = 5;

/// Reads one function. What could not be read is left empty: the findings say so.
pub(super) fn read(
    entry: &Entry,
    context: &Context<'_>,
    stack_tags: &IndexMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> Function {
    let mut fields = Fields::new(
        &entry.value,
        entry.key_span.as_ref(),
        format!("function `{}`", entry.key),
    );
    let name = names::physical(&mut fields, context, entry, Name::Function);
    let code = code(&mut fields, context);
    let runtime = runtime(&mut fields);
    let handler = handler(&mut fields, &runtime, code.as_ref());
    // Limits of https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    let timeout = fields.integer("timeout", 1, 900).map_or(3, |(seconds, _)| seconds);
    let memory = fields
        .integer("memory", 128, 10240)
        .map_or(128, |(mebibytes, _)| mebibytes);
    let environment = environment::read(&mut fields);
    let description = fields.description("description", 256);
    let architecture = fields.one_of("architecture", &["x86_64", "arm64"]).map(str::to_owned);
    let layers = layers(&mut fields);
    let log_retention = log_retention(&mut fields);
    let role = names::role(&mut fields, context);
    let tags = tags::read(&mut fields);
    tags::check_count(&mut fields, &tags, stack_tags);
    fields.not_supported("vpc");
    fields.finish(found);
    Function {
        span: entry.key_span.clone(),
        name,
        code: code.unwrap_or_default(),
        runtime,
        handler,
        timeout,
        memory,
        environment,
        description,
        architecture,
        layers,
        log_retention,
        role,
        tags,
    }
}

fn code(fields: &mut Fields<'_>, context: &Context<'_>) -> Option<PathBuf> {
    let (path, span) = fields.required_text("code")?;
    let path = context.folder.join(path);
    match files::check_exists(&path, "the code", span) {
        Ok(()) => Some(path),
        Err(wrong) => {
            fields.found.push(wrong);
            None
        }
    }
}

fn runtime(fields: &mut Fields<'_>) -> String {
    let Some((runtime, span)) = fields.required_text("runtime") else {
        return String::new();
    };
    if !runtimes::RUNTIMES.contains(&runtime) {
        let message = match runtimes::is_retired(runtime) {
            true => format!("AWS no longer creates functions with the runtime `{runtime}`"),
            false => format!("unknown runtime `{runtime}`"),
        };
        let hint = match runtimes::nearest(runtime) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("known runtimes: {}", runtimes::RUNTIMES.join(", ")),
        };
        fields
            .found
            .push(Diagnostic::error("unknown-runtime", message).at(span).hint(hint));
    }
    runtime.to_owned()
}

fn handler(fields: &mut Fields<'_>, runtime: &str, code: Option<&PathBuf>) -> String {
    // A custom runtime is the program `bootstrap`, whatever the handler says.
    let is_optional = runtime.starts_with("provided");
    let given: Option<At<'_, &str>> = match is_optional {
        true => Some(fields.text("handler").unwrap_or(("bootstrap", fields.place))),
        false => fields.required_text("handler"),
    };
    let Some((handler, span)) = given else {
        return String::new();
    };
    if let Err(expected) = runtimes::check_handler(runtime, handler) {
        let message = format!("the handler `{handler}` is not of the form that `{runtime}` takes");
        fields.found.push(
            Diagnostic::error("bad-handler", message)
                .at(span)
                .hint(format!("expected {expected}")),
        );
    } else if let Some(folder) = code.filter(|code| code.is_dir())
        && !runtimes::has_handler(folder, runtime, handler)
    {
        let file = runtimes::handler_files(runtime, handler)
            .into_iter()
            .next()
            .unwrap_or_default();
        let message = format!("the code has no `{file}` for the handler `{handler}`");
        fields
            .found
            .push(Diagnostic::warning("missing-handler", message).at(span));
    }
    handler.to_owned()
}

fn layers(fields: &mut Fields<'_>) -> Vec<String> {
    let layers = fields.texts("layers");
    for (layer, span) in &layers {
        if !is_arn(layer, "lambda", "layer:") {
            fields.found.push(bad_arn(
                layer,
                *span,
                "arn:aws:lambda:us-east-1:123456789012:layer:NAME:1",
            ));
        }
    }
    if let Some((_, span)) = layers.get(MOST_LAYERS) {
        let message = format!("{} has more than {MOST_LAYERS} layers", fields.what);
        fields.found.push(Diagnostic::error("too-many", message).at(*span));
    }
    layers.into_iter().map(|(layer, _)| layer.to_owned()).collect()
}

fn log_retention(fields: &mut Fields<'_>) -> Option<u32> {
    let (days, span) = fields.integer("logRetention", 1, 3653)?;
    if RETENTION_DAYS.contains(&days) {
        return Some(days);
    }
    let nearest = RETENTION_DAYS.iter().min_by_key(|there| there.abs_diff(days));
    let wrong = Diagnostic::error("bad-value", format!("CloudWatch Logs cannot keep logs for {days} days")).at(span);
    fields.found.push(with_hint(
        wrong,
        nearest.map(|nearest| format!("the nearest that it can is {nearest}")),
    ));
    None
}

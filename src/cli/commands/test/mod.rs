//! `test`: runs the cases of stack files, each stack deployed under a name of its own and removed again.

mod cases;
mod deployed;
mod early;
mod flow;
mod leftovers;
mod literals;
mod removal;
mod reports;
mod sink;
mod suite;
mod told;
mod verdict;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::cli::app::App;
use crate::cli::apply::PatienceArgs;
use crate::cli::args::{StackArgs, parse_set};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::signals;
use crate::cli::target::{Target, is_on_this_machine};
use crate::cloud::Cloud;
use crate::event::{Event, Sink};
use crate::report::smoke::Tested;
use crate::run::testing::{INTERRUPTED, Place, SuiteResult};
use crate::stack::cases::Product;
use cases::Filter;
use reports::{Format, Reports};
use suite::{Ran, Suite};

/// Cases run at once, unless told otherwise.
const JOBS: u32 = 4;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each stack is deployed beside whatever stands, under its name and a suffix of its own, and removed again: also after \
Ctrl-C and failures. What a killed run left is removed by the next one. A case that needs mocks is skipped where nothing \
can mock: only stepstack's own local cloud can. So is one whose `skipOn` names what it would run on. A stack of which all \
cases are skipped is not deployed.

Exit codes: 0 all passed (some may be flaky or skipped), 1 a case failed, could not be run, too little is covered, or \
all cases of all files are skipped, 2 the files or the invocation are wrong, or no case is chosen, 3 the cloud refused, 4 all passed, but something is left \
of what this run deployed, or an older one that is over, 130 interrupted.

Examples:
  stepstack test stacks/*.yaml
  stepstack test stacks/call-center.yaml --filter resolved --keep
  stepstack test stacks/call-center.yaml --target localstack --retries 2 --junit report.xml")]
pub(in crate::cli) struct Args {
    /// The stack files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Set a parameter of the stack files
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
    /// Run only cases whose name holds this text, or matches this regular expression
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Run so many cases at once
    #[arg(long, short, value_name = "N", default_value_t = JOBS, value_parser = clap::value_parser!(u32).range(1..=256))]
    jobs: u32,
    /// Begin no more cases once one has failed
    #[arg(long)]
    fail_fast: bool,
    /// Run a case that fails up to N times more; if it then passes, it is reported as flaky
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=20))]
    retries: u32,
    /// Leave what was deployed standing, to look at it
    #[arg(long)]
    keep: bool,
    /// Deploy nothing: run the cases on what stands under the stacks' own names
    #[arg(long, conflicts_with = "keep")]
    no_deploy: bool,
    /// Say which states and transitions the cases went through
    #[arg(long)]
    coverage: bool,
    /// Fail if less of a stack's states, or of its transitions, is covered
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    coverage_min: Option<f64>,
    /// Write a JUnit XML report
    #[arg(long, value_name = "PATH")]
    junit: Option<PathBuf>,
    /// Write a report; its form follows from the name: .xml (JUnit), .json or .md
    #[arg(long, value_name = "PATH")]
    report: Vec<PathBuf>,
    /// What to write to standard output: text, github (annotations) or json (one document)
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    format: Format,
    #[command(flatten)]
    patience: PatienceArgs,
}

impl Args {
    fn coverage(&self) -> bool {
        self.coverage || self.coverage_min.is_some()
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("expected a percentage from 0 to 100".to_owned()),
    }
}

pub(super) async fn run(app: &App, args: &Args) -> Result<Exit, CommandError> {
    let interruptions = signals::interruptions();
    let removal = match args.keep || args.no_deploy {
        true => "",
        false => ", and what stands for the test is removed",
    };
    tokio::spawn(say_what_stopping_means(
        removal,
        interruptions.clone(),
        Arc::clone(app.reporter.sink()),
    ));
    let began = Instant::now();
    let reports = Reports::new(args)?;
    reports.prepare().await?;
    let filter = args.filter.as_deref().map(Filter::new);
    let mut suites = Vec::new();
    let mut unusable = Vec::new();
    let mut wrong = None;
    let mut named = BTreeMap::new();
    // What is wrong with any of the files is said before anything is done.
    for file in &args.files {
        let stack = StackArgs {
            file: file.clone(),
            set: args.set.clone(),
        };
        let once = early::once(file, &mut named).map_err(|error| (error, Vec::new()));
        match once.and_then(|()| app.ready_or_findings(&stack)) {
            Ok(ready) => suites.push(Suite::new(app, args, file, ready, filter.as_ref())),
            Err((error, findings)) => {
                unusable.push(early::unusable(file, findings, &error));
                wrong = wrong.or(Some(error));
            }
        }
    }
    let mut results: Vec<Ran> = Vec::new();
    let ended = match wrong {
        _ if *interruptions.borrow() > 0 => Err(CommandError::interrupted()),
        Some(error) => Err(error),
        None => run_all(app, args, &suites, &interruptions, &mut results).await,
    };
    let mut tested: Vec<SuiteResult> = results.iter().map(|ran| ran.result.clone()).collect();
    if let Err(error) = &ended {
        tested.extend(early::not_begun(&suites, tested.len(), &unusable, error));
        tested.extend(unusable);
        tested.sort_by_key(|result| args.files.iter().position(|file| *file == result.file));
    }
    let tested = Tested {
        suites: &tested,
        took_ms: flow::millis(began),
        threshold: args.coverage_min,
    };
    let written = reports.write(app, args.format, &tested, ended.is_ok()).await;
    let verdict = ended.and_then(|()| verdict::of(&results, *interruptions.borrow() > 0, tested.is_enough_covered()));
    verdict::with_reports(verdict, written, |message| app.emit(Event::Warning { message }))
}

/// Whoever stops a test should know why it does not end at once.
async fn say_what_stopping_means(removal: &'static str, interruptions: watch::Receiver<u32>, sink: Arc<dyn Sink>) {
    signals::asked(&interruptions, 1).await;
    let message = format!("stopping: executions are stopped{removal}; stop it once more to leave at once");
    sink.emit(Event::Note { message });
}

/// Runs one suite after the other.
async fn run_all(
    app: &App,
    args: &Args,
    suites: &[Suite<'_>],
    interruptions: &watch::Receiver<u32>,
    results: &mut Vec<Ran>,
) -> Result<(), CommandError> {
    cases::some_are_chosen(suites, args.filter.as_deref())?;
    let cloud = tokio::select! {
        cloud = app.connect() => cloud?,
        () = signals::asked(interruptions, 1) => return Err(CommandError::interrupted()),
    };
    let place = place(app, &cloud).await?;
    for suite in suites {
        let failed = args.fail_fast && !results.iter().all(verdict::is_good);
        let is_interrupted = *interruptions.borrow() > 0;
        let skip = match is_interrupted {
            true => Some(INTERRUPTED),
            false => failed.then_some("not run, since another stack's test failed"),
        };
        let (ran, ended) = suite.run(&cloud, place, skip, interruptions).await;
        results.push(ran);
        ended?;
    }
    Ok(())
}

/// What the cases run on. Only local clouds of ours, in this process or served, take mocks and virtual time.
async fn place(app: &App, cloud: &Cloud) -> Result<Place, CommandError> {
    let chosen = app.chosen()?;
    let (product, rehearses) = match chosen.target {
        Target::Local => (Some(Product::Local), true),
        Target::Aws => (Some(Product::Aws), false),
        Target::Localstack if is_ours(cloud).await => (Some(Product::Local), true),
        Target::Localstack => match app.remembered_emulator() {
            Some(emulator) => (emulator.product, false),
            // On other machines it is not asked: then it is what the user calls it.
            None if !chosen.endpoint_url.as_deref().is_none_or(is_on_this_machine) => {
                (Some(Product::LocalStack), false)
            }
            None => (None, false),
        },
    };
    Ok(Place { product, rehearses })
}

#[cfg(feature = "local")]
async fn is_ours(cloud: &Cloud) -> bool {
    match &cloud.identity().endpoint {
        Some(endpoint) => crate::local::is_served_at(endpoint).await,
        None => false,
    }
}

#[cfg(not(feature = "local"))]
async fn is_ours(_cloud: &Cloud) -> bool {
    false
}

//! Which stack is meant, for commands that need no more than its name or its outline.

use std::path::Path;

use super::app::App;
use super::args::StackArgs;
use super::error::CommandError;
use crate::stack::{self, model::Stack};

impl App {
    /// Reads a stack file that must be without errors.
    pub(super) fn load(&self, args: &StackArgs) -> Result<Stack, CommandError> {
        let (stack, findings) = stack::load(&args.file, &args.set);
        let file = args.file.display().to_string();
        self.show(&file, &findings)?;
        stack.ok_or_else(|| CommandError::wrong(format!("{file} cannot be read")))
    }

    /// The name of the stack: as given, or that in the file, even if the rest of the file is broken.
    pub(super) fn stack_name(
        &self,
        file: Option<&Path>,
        name: Option<&str>,
        set: &[(String, String)],
    ) -> Result<String, CommandError> {
        let file = match (name, file) {
            (Some(name), _) => return Ok(name.to_owned()),
            (None, Some(file)) => file,
            (None, None) => return Err(CommandError::wrong("no stack is named")),
        };
        let (stack, findings) = stack::load(file, set);
        if let Some(stack) = stack {
            return Ok(stack.name);
        }
        let shown = file.display().to_string();
        let error = match self.show(&shown, &findings) {
            Err(error) => error,
            Ok(()) => CommandError::wrong(format!("{shown} cannot be read")),
        };
        Err(error.hint("`--name STACK` needs no file"))
    }
}

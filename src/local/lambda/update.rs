//! UpdateFunctionCode and UpdateFunctionConfiguration.

use rusqlite::Transaction;

use super::create::{check_size, qualifier};
use super::function::Function;
use super::members::Members;
use super::prepare::Phase;
use super::reference::Reference;
use super::validate::Violations;
use super::{Lambda, code, invalid_parameter, json, reference, settings, table, user_error};
use crate::local::api::{ApiError, Call, Reply};

impl Lambda {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html>
    pub(super) async fn update_function_code(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        check_size(call, "UpdateFunctionCode")?;
        let input = Members::of(&call.input)?;
        settings::refuse_what_is_missing(input, "UpdateFunctionCode")?;
        let reference = reference::parse(name, qualifier(call), &call.region)?;
        let architecture = settings::architecture(input)?;
        let dry_run = input.flag("DryRun")? == Some(true);
        self.find(&reference)?;
        let zip = code::from_request(input, self.inner.surroundings.as_ref())?;

        let function = self.inner.store.write(|at| {
            let mut function = self.updatable(at, &reference, input)?;
            function.code.size = zip.len() as u64;
            function.code.sha256 = code::sha256(&zip);
            if let Some(architecture) = &architecture {
                function.code.architecture.clone_from(architecture);
            }
            if !dry_run {
                table::put_code(at, &function.region, &function.name, &zip)?;
                self.keep(at, &mut function)?;
            }
            Ok::<_, ApiError>(function)
        })?;
        if dry_run {
            return json(200, &function.configuration(&Phase::Settled));
        }
        self.begin(function)
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html>
    pub(super) async fn update_function_configuration(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let input = Members::of(&call.input)?;
        let mut violations = Violations::default();
        settings::check(input, &mut violations)?;
        violations.result()?;
        settings::refuse_what_is_missing(input, "UpdateFunctionConfiguration")?;
        let reference = reference::parse(name, qualifier(call), &call.region)?;
        self.find(&reference)?;
        if let Some(runtime) = input.text("Runtime")? {
            settings::check_runtime(runtime.to_owned()).await?;
        }
        let role = input.text("Role")?;
        if let Some(role) = role {
            self.check_role(role)?;
        }

        let function = self.inner.store.write(|at| {
            let mut function = self.updatable(at, &reference, input)?;
            settings::apply(input, &mut function.settings)?;
            if let Some(role) = role {
                role.clone_into(&mut function.role);
            }
            self.keep(at, &mut function)?;
            Ok::<_, ApiError>(function)
        })?;
        self.begin(function)
    }

    /// The function as it is now, if it may be changed.
    fn updatable(&self, at: &Transaction<'_>, reference: &Reference, input: Members<'_>) -> Result<Function, ApiError> {
        if reference.qualifier.is_some() {
            return Err(invalid_parameter(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
            ));
        }
        let function = table::function(at, &reference.region, &reference.name)?.ok_or_else(|| reference.not_found())?;
        if input
            .text("RevisionId")?
            .is_some_and(|revision| revision != function.revision_id)
        {
            return Err(user_error(
                412,
                "PreconditionFailedException",
                "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
            ));
        }
        self.inner.preparations.phase(&function).allow_update(&function.arn())?;
        Ok(function)
    }

    fn keep(&self, at: &Transaction<'_>, function: &mut Function) -> Result<(), ApiError> {
        function.revision_id = self.inner.surroundings.uuid();
        function.last_modified = self.inner.surroundings.now_ms();
        table::put_function(at, function)?;
        self.inner.preparations.begin(function, Phase::Updating);
        Ok(())
    }

    /// Answers that the update is in progress, and gets on with it.
    fn begin(&self, function: Function) -> Result<Reply, ApiError> {
        self.inner.executor.retire(&function.region, &function.name);
        let answer = json(200, &function.configuration(&Phase::Updating));
        self.prepare(function);
        answer
    }
}

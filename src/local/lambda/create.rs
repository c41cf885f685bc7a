//! CreateFunction and DeleteFunction.

use super::function::{CodeFacts, Function};
use super::members::Members;
use super::prepare::Phase;
use super::validate::Violations;
use super::{
    Lambda, RoleStanding, code, invalid_parameter, json, no_content, reference, settings, table, tags, user_error,
};
use crate::local::api::{ApiError, Call, Reply};

/// Of the whole request: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const REQUEST_LIMIT: usize = 70_167_211;

impl Lambda {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
    pub(super) async fn create_function(&self, call: &Call) -> Result<Reply, ApiError> {
        check_size(call, "CreateFunction")?;
        let input = Members::of(&call.input)?;
        let mut violations = Violations::default();
        violations.required(input.value("FunctionName"), "functionName");
        violations.required(input.value("Code"), "code");
        violations.required(input.value("Role"), "role");
        settings::check(input, &mut violations)?;
        violations.result()?;
        settings::refuse_what_is_missing(input, "CreateFunction")?;

        let name = reference::parse(input.text("FunctionName")?.unwrap_or_default(), None, &call.region)?.name;
        let mut settings = settings::runtime_and_handler(input)?;
        settings::apply(input, &mut settings)?;
        settings::check_runtime(settings.runtime.clone()).await?;
        let tags = input.text_map("Tags")?.unwrap_or_default();
        tags::check(&tags)?;
        let role = input.text("Role")?.unwrap_or_default().to_owned();
        let architecture = settings::architecture(input)?.unwrap_or_else(|| "x86_64".to_owned());
        let zip = match input.object("Code")? {
            Some(code) => code::from_request(code, self.inner.surroundings.as_ref())?,
            None => return Err(invalid_parameter("Please provide a source for function code.")),
        };
        self.check_role(&role)?;

        let function = Function {
            region: call.region.clone(),
            name,
            role,
            last_modified: self.inner.surroundings.now_ms(),
            revision_id: self.inner.surroundings.uuid(),
            tags,
            reserved_concurrency: None,
            statements: Vec::new(),
            code: CodeFacts {
                size: zip.len() as u64,
                sha256: code::sha256(&zip),
                architecture,
            },
            settings,
        };
        self.inner.store.write(|at| {
            if table::function(at, &function.region, &function.name)?.is_some() {
                return Err(user_error(
                    409,
                    "ResourceConflictException",
                    format!("Function already exist: {}", function.name),
                ));
            }
            table::put_function(at, &function)?;
            table::put_code(at, &function.region, &function.name, &zip)?;
            self.inner.preparations.begin(&function, Phase::Creating);
            Ok(())
        })?;
        let answer = json(201, &function.configuration(&Phase::Creating));
        self.prepare(function);
        answer
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html>
    pub(super) fn delete_function(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let reference = reference::parse(name, qualifier(call), &call.region)?;
        let function = self.inner.store.write(|at| {
            let function = table::function(at, &reference.region, &reference.name)?
                .filter(|_| reference.qualifier.is_none())
                .ok_or_else(|| reference.not_found())?;
            if self.inner.preparations.phase(&function) == Phase::Creating {
                Phase::Creating.allow_use()?;
            }
            table::delete_function(at, &function.region, &function.name)?;
            Ok::<_, ApiError>(function)
        })?;
        self.inner.preparations.forget(&function);
        self.inner.executor.retire(&function.region, &function.name);
        self.remove_leftovers();
        no_content()
    }

    /// That Lambda may assume the role.
    pub(super) fn check_role(&self, arn: &str) -> Result<(), ApiError> {
        match self.inner.surroundings.role(arn)? {
            RoleStanding::Assumable => Ok(()),
            RoleStanding::NotAssumable => Err(invalid_parameter(
                "The role defined for the function cannot be assumed by Lambda.",
            )),
        }
    }
}

pub(super) fn check_size(call: &Call, operation: &str) -> Result<(), ApiError> {
    if call.body.len() > REQUEST_LIMIT {
        return Err(user_error(
            413,
            "RequestEntityTooLargeException",
            format!("Request must be smaller than {REQUEST_LIMIT} bytes for the {operation} operation"),
        ));
    }
    Ok(())
}

/// The query parameter `Qualifier`.
pub(super) fn qualifier(call: &Call) -> Option<&str> {
    query(call, "Qualifier")
}

pub(super) fn query<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.query
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

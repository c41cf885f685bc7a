//! When a role's update is made: permissions come before those who need them, and go after those who needed them.

use super::names::POLICY_NAME;
use super::observed::ObservedRole;
use super::policy;
use super::work::{RoleUpdate, TagChange};

/// IAM's quota for the inline policies of a role, in characters without white space:
/// [IAM quotas](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
pub(super) const INLINE_POLICY_MAX: usize = 10_240;

/// When a role's update is to be made.
pub(super) enum Phases {
    /// Before its users change.
    First(RoleUpdate),
    /// After its users have changed.
    Last(RoleUpdate),
    /// Before, to what old and new users need together; after, to what the new need.
    Both(Box<(RoleUpdate, RoleUpdate)>),
}

/// A running execution still uses the old definition with its permissions, the new one needs its own at once.
pub(super) fn phases(there: &ObservedRole, update: RoleUpdate, used: bool) -> Phases {
    let nothing = policy::document(Vec::new());
    let old_policy = there.policies.get(POLICY_NAME).unwrap_or(&nothing);
    let (mut adds, mut removes) = match &update.put_policy {
        Some(new) => policy::direction(old_policy, new),
        None => (false, false),
    };
    if let Some(trust) = &update.trust {
        let (trusts, distrusts) = policy::direction(&there.trust, trust);
        adds |= trusts;
        removes |= distrusts;
    }
    adds |= !update.attach.is_empty();
    removes |= !(update.detach.is_empty() && update.delete_policies.is_empty());
    if !used || !removes {
        return Phases::First(update);
    }
    if !adds {
        return Phases::Last(update);
    }
    let widest = update.put_policy.as_ref().map(|new| policy::union(old_policy, new));
    if widest
        .as_ref()
        .is_some_and(|policy| policy::size(policy) > INLINE_POLICY_MAX)
    {
        // Both together do not fit: what is new matters more than what is old.
        return Phases::First(update);
    }
    let narrow = RoleUpdate {
        description: None,
        attach: Vec::new(),
        tags: TagChange::default(),
        ..update.clone()
    };
    let widen = RoleUpdate {
        trust: update.trust.as_ref().map(|new| policy::union(&there.trust, new)),
        put_policy: widest,
        delete_policies: Vec::new(),
        detach: Vec::new(),
        ..update
    };
    Phases::Both(Box::new((widen, narrow)))
}

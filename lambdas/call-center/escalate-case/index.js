// Escalates the support case to the next tier.
exports.handler = (event, context, callback) => {
  callback(null, { Case: event.Case, Status: event.Status, Message: `${event.Message}escalating.` });
};

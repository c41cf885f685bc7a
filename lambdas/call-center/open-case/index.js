// Opens the support case.
exports.handler = (event, context, callback) => {
  callback(null, { Case: event.Case, Message: `${event.Message}open case...` });
};

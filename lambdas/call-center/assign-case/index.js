// Assigns the support case to someone who will work on it.
exports.handler = (event, context, callback) => {
  callback(null, { Case: event.Case, Message: `${event.Message}assigned...` });
};

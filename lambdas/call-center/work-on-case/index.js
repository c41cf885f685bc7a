// Works on the support case. By chance it is resolved (Status 1) or stays open (Status 0).
exports.handler = (event, context, callback) => {
  const isResolved = Math.random() < 0.5;
  callback(null, {
    Case: event.Case,
    Status: isResolved ? 1 : 0,
    Message: event.Message + (isResolved ? "resolved..." : "unresolved..."),
  });
};

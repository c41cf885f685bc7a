// Checks that an applicant's address is complete.
class ValidationError extends Error {
  constructor(message) {
    super(message);
    this.name = "ValidationError";
  }
}

exports.handler = async (address) => {
  const missing = ["street", "city", "state", "zip"].filter((part) => !address[part]);
  if (missing.length > 0) {
    throw new ValidationError(`the address has no ${missing.join(", ")}`);
  }
  return { approved: true, message: "address verified" };
};

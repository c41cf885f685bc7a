// Checks the form of an applicant's social security number and e-mail address.
const SSN = /^\d{3}-?\d{2}-?\d{4}$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

class ValidationError extends Error {
  constructor(message) {
    super(message);
    this.name = "ValidationError";
  }
}

exports.handler = async ({ ssn, email }) => {
  if (!SSN.test(ssn) || !EMAIL.test(email)) {
    throw new ValidationError("the identity could not be verified");
  }
  return { approved: true, message: "identity verified" };
};

// The credit limit that an applicant asks for: any whole number from 0 to 9999. The twin of the one in Python.
exports.handler = async () => Math.floor(Math.random() * 10000);

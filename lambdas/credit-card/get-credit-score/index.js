// The score that a credit bureau gives an applicant: from 300 to 850. The bureau is an item as DynamoDB has it.
exports.handler = async (bureau) => ({
  bureau: bureau.Name.S,
  score: 300 + Math.floor(Math.random() * 551),
});

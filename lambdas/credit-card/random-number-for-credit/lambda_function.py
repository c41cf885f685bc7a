"""The credit limit that an applicant asks for: any whole number from 0 to 9999."""

import random


def lambda_handler(event, context):
    return random.randrange(10000)

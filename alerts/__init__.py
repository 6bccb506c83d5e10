"""Rules and mails: values become alert transitions, and each transition one mail for each coordinator."""

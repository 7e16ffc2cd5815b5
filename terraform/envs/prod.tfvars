stage  = "prod"
region = "eu-central-1"
# account_id       = "111122223333" # yours: Terraform and package refuse any other
sender_address     = "tasks@example.com" # yours, covered by an identity that SES has verified
ses_identity       = "example.com"
log_retention_days = 365

# SES sends 14 emails per second for most accounts that have left its sandbox. A new account has 10 concurrent executions in
# all: raise Lambda's quota first (`python -m deploy package --stage prod` says how).
max_concurrency = 14
action_rates    = { email = 14 }

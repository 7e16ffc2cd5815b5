stage  = "dev"
region = "eu-central-1"
# account_id   = "111122223333" # yours: Terraform and package refuse any other
sender_address = "tasks@dev.example.com" # yours, covered by an identity that SES has verified
ses_identity   = "dev.example.com"

stage          = "dev"
region         = "eu-central-1"
sender_address = "tasks@dev.example.com" # yours, covered by an identity that SES has verified
ses_identity   = "dev.example.com"

# The files of the action `report`. People reach them by the links in its emails only.

locals {
  arn_of_table = split(":", var.table_arn)
  partition    = local.arn_of_table[1]
  region       = local.arn_of_table[3]
  account      = local.arn_of_table[4]
}

resource "aws_s3_bucket" "reports" {
  # Bucket names are unique over all accounts.
  bucket = "${var.project}-reports-${var.stage}-${local.account}"

  # Copies of what is in the table, so a destroyed stage need not keep them.
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "reports" {
  bucket = aws_s3_bucket.reports.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "reports" {
  bucket = aws_s3_bucket.reports.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "reports" {
  count = var.report_retention_days == 0 ? 0 : 1

  bucket = aws_s3_bucket.reports.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.report_retention_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "reports" {
  bucket = aws_s3_bucket.reports.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EncryptedConnectionsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.reports.arn, "${aws_s3_bucket.reports.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.reports]
}

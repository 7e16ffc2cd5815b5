import {
  to = aws_scheduler_schedule_group.made
  id = "made-by-terraform"
}

import {
  to = aws_scheduler_schedule.made
  id = "made-by-terraform/monday.morning"
}

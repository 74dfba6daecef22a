"""BEA's Personal Consumption Expenditures by state, as a statpipe source."""

"""What a release pipeline reads: JUnit XML, SARIF, a Markdown summary, one exit code."""

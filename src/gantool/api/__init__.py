"""The API that plugin authors program against."""

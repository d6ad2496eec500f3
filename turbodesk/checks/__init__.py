"""What can be said about a message before it goes: pure functions, one finding per problem."""

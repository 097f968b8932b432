"""From a raw message to its plain text: `message.clean_message` is the door, the other modules are its steps."""

"""What makes C{twistd chat} and C{twist chat} known. Kept light: it is imported whenever any plugin is looked for."""

from twisted.application.service import ServiceMaker

chat = ServiceMaker("twisted-chat", "twisted_chat.tap", "A chat for netcat, telnet, IRC and its own client.", "chat")

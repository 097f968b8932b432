"""`python -m serving`: serve with the settings of the environment."""

from process.logs import configure_logs
from serving.foundation.settings import ServingSettings
from serving.http.server import serve

if __name__ == "__main__":
    configure_logs("serving")
    serve(ServingSettings())
